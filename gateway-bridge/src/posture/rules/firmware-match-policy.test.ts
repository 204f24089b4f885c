import { describe, expect, it } from "@jest/globals";

import type { CameraIdentity, Vendor } from "../probe/probed-camera.ts";
import { builtInRules } from "./firmware-advisories.ts";
import { isModel, judgeAdvisories, judgeAge, oldestFirmwareMs } from "./firmware-match-policy.ts";
import { FirmwareRules } from "./firmware-rules.ts";
import { compareFirmware, parseFirmware } from "./firmware-version-policy.ts";

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);

describe("parseFirmware", () => {
  it.each<[Vendor, string, string | undefined, string | undefined]>([
    ["hikvision", "V5.1.6 build 140401", "5.1.6", "2014-04-01"],
    ["hikvision", "V5.5.800 build 210628", "5.5.800", "2021-06-28"],
    ["dahua", "2.420.0000.11.R, build: 2017-06-20", "2.420.0.11", "2017-06-20"],
    ["dahua", "2.420.0000.11.R.20170620", "2.420.0.11", "2017-06-20"],
    ["dahua", "V2.820.0000000.32.R.250110", "2.820.0.32", "2025-01-10"],
    ["reolink", "v3.0.0.177_21012101", "3.0.0.177", "2021-01-21"],
    ["reolink", "v3.0.0.136_20121102", "3.0.0.136", "2020-12-11"],
    ["other", "v3.0.0.136_20121102", "3.0.0.136", undefined],
    ["tapo", "1.1.16 Build 211209 Rel. 37726N(4555)", "1.1.16", "2021-12-09"],
    ["axis", "5.55.1.2", "5.55.1.2", undefined],
    ["axis", "10.12.114", "10.12.114", undefined],
    ["other", "SOC v6.3.34 - ARM 6.3.57THI", "6.3.34", undefined],
    ["other", "V11.4.8.1.1-20180512", "11.4.8.1.1", "2018-05-12"],
    ["other", "5.10", "5.10", undefined],
    ["hikvision", "V5.4.0 build 160231", "5.4.0", undefined],
    ["hikvision", "V5.4.0 build 169901", "5.4.0", undefined],
    ["hikvision", "V5.4.0 build 1606012", "5.4.0", undefined],
    ["other", "unknown", undefined, undefined],
    ["other", "", undefined, undefined],
    ["other", `${"9".repeat(40)}.1`, undefined, undefined],
    ["other", "1.".repeat(100_000), "1.1.1.1.1.1", undefined],
  ])("reads %s %j", (vendor, text, version, built) => {
    const { numbers, builtAt } = parseFirmware(text, vendor);
    expect(numbers?.join(".")).toBe(version);
    expect(builtAt).toBe(built === undefined ? undefined : day(built));
  });

  it.each([
    ["5.4", "5.4.0", 0],
    ["5.10", "5.9", 1],
    ["1.0.227", "1.0.228", -1],
    ["6", "5.99.99", 1],
  ])("orders %s and %s", (a, b, expected) => {
    const numbers = (text: string) => text.split(".").map(Number);
    expect(Math.sign(compareFirmware(numbers(a), numbers(b)))).toBe(expected);
    expect(Math.sign(compareFirmware(numbers(b), numbers(a)))).toBe(0 - expected);
  });
});

const identity = (vendor: Vendor, manufacturer: string, model: string, firmware: string): CameraIdentity => ({
  vendor,
  manufacturer,
  model,
  firmware,
  serial: "",
});

const affecting = (camera: CameraIdentity): string[] =>
  judgeAdvisories(camera, builtInRules)
    .filter(({ verdict }) => verdict === "affected")
    .map(({ advisory }) => advisory.id);

describe("the rules that come with Gatehouse", () => {
  it("are of the form that updates have, each with its sources and named once for each range", () => {
    expect(FirmwareRules.parse(builtInRules)).toEqual(builtInRules);
    const named = builtInRules.advisories.map(({ id, models, affected }) => JSON.stringify([id, models, affected]));
    expect(new Set(named).size).toBe(named.length);
  });

  it.each<[CameraIdentity, string[]]>([
    // CVE-2021-36260: by the day of its build, from 2016 to the first mended one.
    [identity("hikvision", "HIKVISION", "DS-2CD2143G2-I", "V5.5.150 build 210624"), ["CVE-2021-36260"]],
    [identity("hikvision", "HIKVISION", "DS-2CD2143G2-I", "V5.5.800 build 210625"), []],
    [identity("hikvision", "HIKVISION", "DS-2CD2143G2-I", "V5.3.0 build 151231"), []],
    [identity("hikvision", "HIKVISION", "DS-7608NI-K2", "V4.30.0 build 200101"), []],
    [
      identity("other", "Hangzhou Hikvision Digital Technology", "DS-2DE4225IW-DE", "V5.5.6 build 181106"),
      ["CVE-2021-36260"],
    ],
    [identity("other", "Hikvisionary", "DS-2DE4225IW-DE", "V5.5.6 build 181106"), []],
    // CVE-2017-7921: each series to its own day.
    [identity("hikvision", "HIKVISION", "DS-2CD2042F-IS", "V5.4.0 build 151130"), ["CVE-2017-7921"]],
    [identity("hikvision", "HIKVISION", "DS-2CD2042F-IS", "V5.2.0 build 140720"), []],
    [identity("hikvision", "HIKVISION", "DS-2DF7276-AEL", "V5.2.0 build 140805"), ["CVE-2017-7921"]],
    [identity("hikvision", "HIKVISION", "DS-2CD2012-I", "V5.2.0 build 140721"), []],
    [
      identity("dahua", "Dahua", "IPC-HFW3441E-AS", "2.800.0000000.16.R, build: 2021-06-29"),
      ["CVE-2021-33044", "CVE-2021-33045"],
    ],
    [identity("dahua", "Dahua", "IPC-HFW3441E-AS", "2.800.0000000.29.R.210630"), []],
    [identity("dahua", "Dahua", "IPC-HDBW5442E", "2.820.0000000.5.R.210701"), ["CVE-2021-33044", "CVE-2021-33045"]],
    [identity("dahua", "Dahua", "IPC-HFW2431T", "2.820.0000000.5.R.250415"), ["CVE-2025-31700", "CVE-2025-31701"]],
    [identity("dahua", "Dahua", "IPC-HFW2431T", "2.820.0000000.5.R.250416"), []],
    [identity("reolink", "Reolink", "RLC-410W", "v1.0.227_19010100"), ["CVE-2019-11001"]],
    [identity("reolink", "Reolink", "RLC-410W", "v3.0.0.136_22121102"), ["CVE-2021-40407"]],
    [identity("reolink", "Reolink", "RLC-410W", "v3.0.0.494_22121102"), []],
    [identity("axis", "AXIS", "M3044-V", "7.20.1"), ["CVE-2018-10660", "CVE-2018-10661", "CVE-2018-10662"]],
    [identity("axis", "AXIS", "M3044-V", "8.20.1"), []],
    [identity("axis", "AXIS", "Q6045-E", "6.50.5.4"), ["CVE-2021-31986"]],
    [identity("axis", "AXIS", "Q6045-E", "6.50.5.5"), []],
    [identity("axis", "AXIS", "Q6045-E", "11.11.73"), []],
    [identity("tapo", "tp-link", "Tapo C200", "1.1.15 Build 210101 Rel. 1"), ["CVE-2021-4045"]],
    [identity("tapo", "tp-link", "Tapo C200", "1.1.16 Build 211209 Rel. 37726N"), []],
    [identity("other", "D-Link", "DCS-2530L", "1.05.05"), ["CVE-2020-25078", "CVE-2020-25079"]],
    [identity("other", "D-Link", "DCS-2530L", "1.06.01"), []],
    [identity("other", "Edimax", "IC-7100", ""), ["CVE-2025-1316"]],
    [identity("other", "GeoVision", "GV-VS12", "1.09"), ["CVE-2024-6047", "CVE-2024-11120"]],
    [identity("other", "PTZOptics", "PT30X-SDI-G2", "6.3.34"), ["CVE-2024-8956", "CVE-2024-8957"]],
    [identity("other", "PTZOptics", "PT30X-SDI-G2", "6.3.40"), []],
    [identity("other", "Nobody", "DCS-2530L", "1.05.05"), []],
  ])("find in %j what it has", (camera, expected) => {
    expect(affecting(camera).toSorted()).toEqual(expected.toSorted());
  });

  it("judge nobody whose firmware does not tell what they go by", () => {
    const mute = identity("hikvision", "HIKVISION", "DS-2CD2143G2-I", "V5.5.150");
    expect(judgeAdvisories(mute, builtInRules).map(({ verdict }) => verdict)).toEqual(["undecidable"]);
  });
});

describe("judgeAge", () => {
  const now = day("2026-11-22");
  it.each<[CameraIdentity, string]>([
    [identity("hikvision", "HIKVISION", "X", "V5.7.1 build 241122"), "young"],
    [identity("hikvision", "HIKVISION", "X", "V5.7.1 build 241121"), "old"],
    [identity("axis", "AXIS", "Q6045-E", "10.11.99"), "unsupported"],
    [identity("axis", "AXIS", "Q6045-E", "10.12.0"), "supported"],
    [identity("wyze", "Wyze", "WYZEC1", "3.9.4.32"), "unsupported"],
    [identity("wyze", "Wyze", "WYZEC1-JZ", "4.9.9.1"), "undecidable"],
    [identity("other", "", "", ""), "undecidable"],
  ])("%j is %s", (camera, expected) => {
    expect(judgeAge(camera, builtInRules, { now }).kind).toBe(expected);
  });

  it("counts to the millisecond", () => {
    const camera = identity("hikvision", "", "", "V1.0 build 240101");
    const end = day("2024-01-01") + oldestFirmwareMs;
    expect(judgeAge(camera, builtInRules, { now: end }).kind).toBe("young");
    expect(judgeAge(camera, builtInRules, { now: end + 1 }).kind).toBe("old");
  });
});

describe("isModel", () => {
  it.each([
    ["DS-2CD*", "ds-2cd2143g2-i", true],
    ["DS-2CD*", "XDS-2CD1", false],
    ["IPC-H@3###*", "IPC-HFW3441E", true],
    ["IPC-H@3###*", "IPC-HFW2341E", false],
    ["IPC-H@3###*", "IPC-H3441E", false],
    ["C1 Pro*", "C1 Prometheus", true],
    ["DS-2CD2##2F-I*", "DS-2CD2AB2F-I", false],
    ["A.C", "ABC", false],
    ["A+C(1)", "A+C(1)", true],
  ])("%s, %s: %p", (pattern, model, expected) => {
    expect(isModel(pattern, model)).toBe(expected);
  });
});
