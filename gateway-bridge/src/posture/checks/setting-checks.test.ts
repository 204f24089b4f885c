import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { camDdns } from "./cam-ddns.ts";
import { egressFrom } from "./egress.ts";
import { fwAge } from "./fw-age.ts";
import { fwCve } from "./fw-cve.ts";
import { fwKev } from "./fw-kev.ts";
import { ipfilter } from "./ipfilter.ts";
import { lookAt, type Case } from "./testing/look-at.ts";
import { builtInRules } from "../rules/firmware-advisories.ts";
import { time } from "./time.ts";

describe("CAM-DDNS", () => {
  const dns = (type: string) => ({ onvif: { GetDynamicDNS: `<R><DynamicDNSInformation><Type>${type}</Type><Name>cam.example.net</Name></DynamicDNSInformation></R>` } }); // prettier-ignore
  it.each<Case>([
    ["tells a service itself", dns("ClientUpdates"), "failed"],
    ["has its router tell", dns("ServerUpdates"), "failed"],
    ["tells nobody", dns("NoUpdate"), "passed"],
    ["knows no such thing", {}, "not-applicable"],
    ["speaks no ONVIF", { kind: "rtsp" }, "not-applicable"],
    ["does not tell the gateway's login", { onvif: { GetDynamicDNS: "refused" } }, "unknown"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(camDdns, script)).kind).toBe(kind);
  });
});

describe("EGRESS", () => {
  const gateway = (...addresses: readonly string[]) => `<R><NetworkGateway>${addresses.map((each) => `<IPv4Address>${each}</IPv4Address>`).join("")}</NetworkGateway></R>`; // prettier-ignore
  const dns = "<R><DNSInformation><FromDHCP>false</FromDHCP><DNSManual><Type>IPv4</Type><IPv4Address>8.8.8.8</IPv4Address></DNSManual></DNSInformation></R>"; // prettier-ignore
  it.each<Case>([
    ["has a router", { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.1"), GetDNS: dns } }, "failed"],
    [
      "has a router, and tells no name server",
      { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.1") } },
      "failed",
    ],
    ["has none", { onvif: { GetNetworkDefaultGateway: gateway() } }, "passed"],
    ["has none, written as zeros", { onvif: { GetNetworkDefaultGateway: gateway("0.0.0.0") } }, "passed"],
    ["has this box as its router", { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.5") } }, "passed"],
    ["has itself as its router", { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.20") } }, "passed"],
    [
      "has this box and another",
      { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.5", "192.168.1.1") } },
      "failed",
    ],
    ["does not know the question", {}, "not-applicable"],
    ["does not tell the gateway's login", { onvif: { GetNetworkDefaultGateway: "refused" } }, "unknown"],
  ])("%s", async (_, script, kind) => {
    expect(
      (
        await lookAt(
          egressFrom(() => ["127.0.0.1", "192.168.1.5"]),
          script,
        )
      ).kind,
    ).toBe(kind);
  });

  it("tells what is set up and what was seen apart", async () => {
    const tries = [{ from: "192.168.1.20", to: "203.0.113.9", protocol: "tcp", port: 443, packets: 3 }] as const;
    const check = egressFrom(
      () => ["192.168.1.5"],
      async () => ({ tries, refused: 3, strangers: 0 }),
    );
    expect(await lookAt(check, { onvif: { GetNetworkDefaultGateway: gateway("192.168.1.5") } })).toEqual({
      kind: "passed",
      evidence: [
        "Configured: no way out of its own network is set up in it.",
        "Observed: it tried 203.0.113.9, TCP port 443, 3 times, and did not get there.",
      ],
    });
  });
});

describe("IPFILTER", () => {
  const filter = (type: string, ...ranges: readonly (readonly [string, number])[]) => ({
    onvif: {
      GetIPAddressFilter: `<R><IPAddressFilter><Type>${type}</Type>${ranges
        .map(
          ([address, prefix]) =>
            `<IPv4Address><Address>${address}</Address><PrefixLength>${prefix}</PrefixLength></IPv4Address>`,
        )
        .join("")}</IPAddressFilter></R>`,
    },
  });
  it.each<Case>([
    ["names nobody", filter("Allow"), "failed"],
    ["names this box alone", filter("Allow", ["192.168.1.5", 32]), "passed"],
    ["names everybody", filter("Allow", ["0.0.0.0", 0]), "failed"],
    ["names this box and everybody", filter("Allow", ["192.168.1.5", 32], ["0.0.0.0", 0]), "failed"],
    ["keeps some out", filter("Deny", ["192.168.1.66", 32]), "failed"],
    ["knows no filter", {}, "not-applicable"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(ipfilter, script)).kind).toBe(kind);
  });
});

describe("TIME", () => {
  const start = Date.UTC(2026, 10, 22, 12, 0, 0);
  const at = (ms: number) => {
    const [date = "", clock = ""] = new Date(ms).toISOString().split("T");
    const [year, month, day] = date.split("-");
    const [hour, minute, second] = clock.slice(0, 8).split(":");
    return `<R><SystemDateAndTime><DateTimeType>Manual</DateTimeType><UTCDateTime><Time><Hour>${hour}</Hour><Minute>${minute}</Minute><Second>${second}</Second></Time>
      <Date><Year>${year}</Year><Month>${month}</Month><Day>${day}</Day></Date></UTCDateTime></SystemDateAndTime></R>`;
  };
  const offBy = (ms: number) => ({ clock: new TestClock(start), onvif: { GetSystemDateAndTime: at(start + ms) } });
  it.each<Case>([
    ["right", offBy(0), "passed"],
    ["a minute slow", offBy(-60_000), "passed"],
    ["more than a minute slow", offBy(-61_000), "failed"],
    ["a minute fast", offBy(60_000), "passed"],
    ["more than a minute fast", offBy(61_000), "failed"],
    ["from the factory", offBy(-50 * 365 * 86_400_000), "failed"],
    ["no time that exists", { onvif: { GetSystemDateAndTime: "<R><SystemDateAndTime/></R>" } }, "failed"],
    ["no such question", {}, "not-applicable"],
  ])("%s", async (_, script, kind) => {
    expect((await lookAt(time, script)).kind).toBe(kind);
  });

  it("says how much, in words", async () => {
    expect(await lookAt(time, offBy(-47 * 60_000))).toMatchObject({
      evidence: ["Its clock is 47 minutes slow.", "It is set by hand."],
    });
  });

  it("tells of a time server that is not reached", async () => {
    const told = at(start - 3 * 86_400_000).replace("Manual", "NTP");
    expect(await lookAt(time, { clock: new TestClock(start), onvif: { GetSystemDateAndTime: told } })).toMatchObject({
      evidence: [
        "Its clock is 3 days slow.",
        "It says that a time server sets it, so it reaches none, or one that is wrong.",
      ],
    });
  });

  it("does not blame the camera for the time that it took to answer", async () => {
    const clock = new (class extends TestClock {
      late = 0;
      override now(): number {
        return super.now() + this.late;
      }
    })(start);
    const slow = () => {
      clock.late = 300_000;
      return at(start + 150_000);
    };
    expect((await lookAt(time, { clock, onvif: { GetSystemDateAndTime: slow } })).kind).toBe("passed");
  });
});

describe("FW-KEV, FW-CVE and FW-AGE", () => {
  const rules = { current: builtInRules };
  const clock = new TestClock(Date.UTC(2026, 10, 22));
  const script = (vendor: "hikvision" | "dahua" | "axis" | "other", model: string, firmware: string) => ({
    clock,
    identity: { vendor, model, firmware },
  });
  it.each([
    [
      "known, and exploited",
      script("hikvision", "DS-2CD2143G0-I", "V5.5.82 build 190909"),
      ["failed", "failed", "failed"],
    ],
    ["known", script("dahua", "IPC-HDBW2231E-S-S2", "2.820.0000000.5.R.20210705"), ["passed", "failed", "failed"]],
    ["old", script("hikvision", "DS-2CD2143G2-I", "V5.7.18 build 240304"), ["passed", "passed", "failed"]],
    ["new", script("hikvision", "DS-2CD2143G2-I", "V5.8.11 build 260722"), ["passed", "passed", "passed"]],
    ["without a date", script("hikvision", "DS-2CD2143G2-I", "V5.8.11"), ["unknown", "unknown", "unknown"]],
    ["not told", { clock }, ["unknown", "unknown", "unknown"]],
  ])("%s", async (_, given, expected) => {
    const outcomes = await Promise.all([fwKev(rules), fwCve(rules), fwAge(rules)].map((check) => lookAt(check, given)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(expected);
  });

  it("name each fault once, with its source and how sure that is", async () => {
    const outcome = await lookAt(fwKev(rules), script("hikvision", "DS-2CD2143G0-I", "V5.5.82 build 190909"));
    const evidence = outcome.kind === "failed" ? outcome.evidence : [];
    expect(evidence).toHaveLength(2);
    expect(evidence[1]).toMatch(/^CVE-2021-36260: .*https:\/\/nvd\.nist\.gov\/.*not compared/);
  });

  it("goes by newer rules as soon as they are in force", async () => {
    const source = { current: { ...builtInRules, advisories: [] as typeof builtInRules.advisories } };
    const check = fwKev(source);
    const given = script("hikvision", "DS-2CD2143G0-I", "V5.5.82 build 190909");
    expect((await lookAt(check, given)).kind).toBe("passed");
    source.current = builtInRules;
    expect((await lookAt(check, given)).kind).toBe("failed");
  });

  it("asks an Axis camera when its firmware was built, because its version does not tell", async () => {
    const asked = (date: string) => ({
      ...script("axis", "M3057", "11.11.73"),
      http: {
        "GET /axis-cgi/param.cgi?action=list&group=Brand": { body: "root.Brand.Brand=AXIS" },
        "GET /axis-cgi/param.cgi?action=list&group=root.Properties.Firmware": {
          body: `root.Properties.Firmware.BuildDate=${date}\n`,
        },
      },
    });
    expect((await lookAt(fwAge(rules), asked("May 27 2024 13:29"))).kind).toBe("failed");
    expect((await lookAt(fwAge(rules), asked("Jun 1 2026 08:00"))).kind).toBe("passed");
    expect((await lookAt(fwAge(rules), asked("nonsense"))).kind).toBe("passed");
    expect((await lookAt(fwAge(rules), script("axis", "M3057", "9.80.1"))).kind).toBe("failed");
  });
});
