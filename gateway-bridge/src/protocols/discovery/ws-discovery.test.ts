import { systemClock, untilAborted, type Clock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";

import { parseXml } from "../xml/parse-xml.ts";
import { textAt } from "../xml/xml-element.ts";
import { readProbeAnswer } from "./probe-match.ts";
import { ipv4Addresses, probe } from "./ws-discovery.ts";

const match = (endpoint: string, xaddrs: string, scopes = ""): string =>
  `<d:ProbeMatch><a:EndpointReference><a:Address>${endpoint}</a:Address></a:EndpointReference>
   <d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>${xaddrs}</d:XAddrs></d:ProbeMatch>`;
const answer = (relatesTo: string, ...matches: string[]): string =>
  `<s:Envelope xmlns:s="s" xmlns:a="a" xmlns:d="d"><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header>
   <s:Body><d:ProbeMatches>${matches.join("")}</d:ProbeMatches></s:Body></s:Envelope>`;

describe("readProbeAnswer", () => {
  it("takes every match, and what each says of itself", () => {
    const scopes = "onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/X-1 other:scope";
    const xaddrs = "http://192.168.1.5/onvif/device_service https://[fe80::1]/onvif/device_service";
    const { relatesTo, matches } = readProbeAnswer(
      Buffer.from(
        answer("urn:uuid:1", match("urn:uuid:a", xaddrs, scopes), match("urn:uuid:b", "http://192.168.1.6/")),
      ),
    );
    expect(relatesTo).toBe("urn:uuid:1");
    expect(matches.map(({ endpoint }) => endpoint)).toEqual(["urn:uuid:a", "urn:uuid:b"]);
    expect(matches[0]).toMatchObject({
      name: "Front door",
      hardware: "X-1",
      types: ["NetworkVideoTransmitter", "Device"],
    });
    expect(matches[0]?.addresses.map(String)).toEqual(xaddrs.split(" "));
  });

  it.each([
    ["none", ""],
    ["rubbish", "http:// :: 192.168.1.7"],
    ["other schemes", "file:///etc/passwd javascript:alert(1)"],
  ])("keeps a device whose addresses are %s", (_, xaddrs) => {
    const { matches } = readProbeAnswer(Buffer.from(answer("r", match("urn:uuid:a", xaddrs))));
    expect(matches).toMatchObject([{ endpoint: "urn:uuid:a", addresses: [] }]);
  });

  it("leaves out a device without an endpoint, and bounds everything else", () => {
    const many = Array.from({ length: 100 }, (_, index) => match(`urn:${index}`, "http://a/ ".repeat(50)));
    const { matches } = readProbeAnswer(Buffer.from(answer("r", match(" ", "http://a/"), ...many)));
    expect(matches.length).toBeLessThanOrEqual(32);
    expect(matches[0]?.addresses.length).toBeLessThanOrEqual(8);
    const long = readProbeAnswer(
      Buffer.from(answer("r", match("urn:x", "", `onvif://www.onvif.org/name/${"%20a".repeat(900)}%zz`))),
    );
    expect(long.matches[0]?.name.length).toBeLessThanOrEqual(256);
  });

  it("refuses what is no XML", () => {
    expect(() => readProbeAnswer(Buffer.from("hello"))).toThrow(
      expect.objectContaining({ code: "camera-answer-malformed" }),
    );
  });
});

describe("probe", () => {
  const devices: Socket[] = [];
  afterEach(() => devices.splice(0).forEach((socket) => socket.close()));
  /** How many probes a search sends by the second time that it asks. */
  const twice = 4;

  /** A device that answers each probe with what `reply` makes of its id. */
  const device = async (reply: (id: string, count: number) => readonly string[]) => {
    const socket = createSocket("udp4");
    devices.push(socket);
    const heard: string[] = [];
    const asked = new EventEmitter();
    socket.on("message", (message: Buffer, from: RemoteInfo) => {
      const root = parseXml(message);
      heard.push(textAt(root, "Body", "Probe", "Types"));
      for (const text of reply(textAt(root, "Header", "MessageID"), heard.length)) {
        socket.send(text, from.port, from.address);
      }
      asked.emit("probe");
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const answered = async (): Promise<void> => {
      while (heard.length < twice) await once(asked, "probe");
      // What was sent over loopback lies at the other socket, which is read at the next turns.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    // The system's, but that the search is over once the device has answered twice, however long that takes; the third time is far away.
    const clock: Clock = {
      ...systemClock,
      schedule: (ms, run) => systemClock.schedule(ms > 1_000 ? ms * 1_000 : ms, run),
      delay: (_, { signal }) => untilAborted(signal, answered()),
    };
    return { heard, clock, to: { address: "127.0.0.1", port: socket.address().port } };
  };
  type Device = Awaited<ReturnType<typeof device>>;
  const ask = ({ clock, to }: Pick<Device, "clock" | "to">, more: Partial<Parameters<typeof probe>[0]> = {}) =>
    probe(
      { clock, log: new MemoryLogger(), from: ["127.0.0.1"], to, ...more },
      { signal: new AbortController().signal },
    );

  it("asks for both types, more than once, and names each device once", async () => {
    const camera = await device((id) => [answer(id, match("urn:a", "http://127.0.0.1/x"), match("urn:b", ""))]);
    const found = await ask(camera);
    expect(found.map(({ endpoint, sender }) => [endpoint, sender])).toEqual([
      ["urn:a", "127.0.0.1"],
      ["urn:b", "127.0.0.1"],
    ]);
    expect(camera.heard.map((types) => types.replace(/^.*:/, ""))).toEqual([
      "NetworkVideoTransmitter",
      "Device",
      "NetworkVideoTransmitter",
      "Device",
    ]);
  });

  it("leaves out answers to others' questions and survives rubbish", async () => {
    const camera = await device((id, count) => [
      "rubbish",
      answer("urn:uuid:somebody-else", match("urn:stranger", "http://127.0.0.1/")),
      answer("", match("urn:silent", "http://127.0.0.1/")),
      ...(count === 2 ? [answer(id, match("urn:late", "http://127.0.0.1/"))] : []),
    ]);
    expect((await ask(camera)).map(({ endpoint }) => endpoint)).toEqual(["urn:late"]);
  });

  it("names at most 256 devices", async () => {
    const crowd = await device((id, count) =>
      Array.from({ length: 10 }, (_, part) =>
        answer(id, ...Array.from({ length: 30 }, (_, index) => match(`urn:${count}-${part}-${index}`, ""))),
      ),
    );
    const found = await ask(crowd);
    expect(found.length).toBeGreaterThan(100);
    expect(found.length).toBeLessThanOrEqual(256);
  });

  it("goes on without an interface that cannot be used, and says so", async () => {
    const camera = await device((id) => [answer(id, match("urn:a", ""))]);
    const log = new MemoryLogger();
    expect(await ask(camera, { from: ["203.0.113.77", "127.0.0.1"], log })).toHaveLength(1);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { address: "203.0.113.77", code: "EADDRNOTAVAIL" } }]);
  });

  it("goes on when an interface takes the address but no multicast, and says so", async () => {
    const camera = await device((id) => [answer(id, match("urn:a", ""))]);
    const log = new MemoryLogger();
    // A broadcast address can be bound, but leads out of no interface.
    expect(await ask(camera, { from: ["127.255.255.255", "127.0.0.1"], log })).toHaveLength(1);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { address: "127.255.255.255" } }]);
  });

  it("finds nothing where there is no interface, and stops when it is told to", async () => {
    const { to } = await device(() => []);
    expect(await ask({ to, clock: systemClock }, { from: [], timeoutMs: 10 })).toEqual([]);
    const options = { clock: systemClock, log: new MemoryLogger(), from: ["127.0.0.1"], to, timeoutMs: 60_000 };
    const controller = new AbortController();
    const asking = probe(options, controller);
    controller.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
  });
});

it("ipv4Addresses leaves out loopback and IPv6", () => {
  const entry = (address: string, family: "IPv4" | "IPv6", internal = false) =>
    ({ address, family, internal, netmask: "", mac: "", cidr: null, scopeid: 0 }) as never;
  expect(
    ipv4Addresses({
      lo: [entry("127.0.0.1", "IPv4", true)],
      eth0: [entry("192.168.1.2", "IPv4"), entry("fe80::1", "IPv6")],
      wlan0: [entry("10.0.0.3", "IPv4")],
      none: undefined,
    }),
  ).toEqual(["192.168.1.2", "10.0.0.3"]);
});
