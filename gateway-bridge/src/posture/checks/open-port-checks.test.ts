import { describe, expect, it } from "@jest/globals";

import type { Vendor } from "../probe/probed-camera.ts";
import { readSnmpAnswer, snmpQuestion } from "../questions/snmp-question.ts";
import { netDebug } from "./net-debug.ts";
import { netFtp } from "./net-ftp.ts";
import { netSnmp } from "./net-snmp.ts";
import { netSsh } from "./net-ssh.ts";
import { netTelnet } from "./net-telnet.ts";
import { netVendorport } from "./net-vendorport.ts";
import { lookAt } from "./testing/look-at.ts";

describe("checks of open ports", () => {
  const checks = [netTelnet, netFtp, netSsh, netDebug, netVendorport];
  const all = [21, 22, 23, 88, 1_234, 2_323, 5_555, 6_789, 8_000, 8_800, 9_000, 9_010, 9_527, 34_567, 37_777];

  it.each<[number, string]>([
    [23, "NET-TELNET"],
    [2_323, "NET-TELNET"],
    [9_527, "NET-TELNET"],
    [21, "NET-FTP"],
    [22, "NET-SSH"],
    [5_555, "NET-DEBUG"],
    [1_234, "NET-DEBUG"],
    [6_789, "NET-DEBUG"],
    [34_567, "NET-VENDORPORT"],
    [37_777, "NET-VENDORPORT"],
    // Of makers that this camera is not from: with others they mean something else.
    [8_000, "none"],
    [8_800, "none"],
    [88, "none"],
    [80, "none"],
  ])("take an open port %i for %s, and for nothing else", async (port, expected) => {
    const found: string[] = [];
    for (const check of checks) {
      const { kind } = await lookAt(check, { tcp: { [port]: "hello" } });
      if (kind === "failed") found.push(check.id);
    }
    expect(found).toEqual(expected === "none" ? [] : [expected]);
  });

  it.each<[Vendor, readonly number[]]>([
    ["hikvision", [8_000, 9_010]],
    ["dahua", [37_777]],
    ["reolink", [9_000]],
    ["tapo", [8_800]],
    ["foscam", [88]],
    ["other", [34_567, 37_777]],
  ])("know the ports of %s's own programs", async (vendor, ports) => {
    const outcomes = await Promise.all(
      all.map(async (port) => [
        port,
        (await lookAt(netVendorport, { identity: { vendor }, tcp: { [port]: "" } })).kind,
      ]),
    );
    expect(outcomes.filter(([, kind]) => kind === "failed").map(([port]) => port)).toEqual(ports);
  });

  it("do not take a port that drops everything for open", async () => {
    for (const check of checks) {
      const outcome = await lookAt(check, { tcp: Object.fromEntries(all.map((port) => [port, null])) });
      expect(outcome.kind).toBe("passed");
    }
  });

  it("show what the camera said, on one line", async () => {
    const outcome = await lookAt(netTelnet, { tcp: { 23: `\xff\xfd\x01\r\n\x1b[2Jlogin: ${"x".repeat(300)}` } });
    const [line = ""] = outcome.kind === "failed" ? outcome.evidence : [];
    expect(line).toMatch(/^Port 23 is open and says: \[2Jlogin: x+$/);
    expect(line.length).toBeLessThan(200);
  });
});

describe("NET-SNMP", () => {
  const answer = (id: string, value: Buffer): Buffer => {
    const tlv = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
      const inside = Buffer.concat(content);
      return Buffer.concat([
        Buffer.from(inside.length < 128 ? [tag, inside.length] : [tag, 0x81, inside.length]),
        inside,
      ]);
    };
    const zero = tlv(2, Buffer.of(0));
    const oid = tlv(6, Buffer.from("2b06010201010100", "hex"));
    const bindings = tlv(0x30, tlv(0x30, oid, value));
    const pdu = tlv(0xa2, tlv(2, Buffer.from(id)), zero, zero, bindings);
    return tlv(0x30, zero, tlv(4, Buffer.from("public")), pdu);
  };
  const text = (value: string) => Buffer.concat([Buffer.of(4, value.length), Buffer.from(value)]);

  it.each<[string, Buffer | undefined, string | undefined]>([
    ["an answer with a description", answer("gate", text("Linux camera 3.0\n")), "Linux camera 3.0"],
    [
      "a long description",
      answer("gate", Buffer.concat([Buffer.of(4, 0x81, 150), Buffer.alloc(150, "a")])),
      "a".repeat(120),
    ],
    ["an answer without one", answer("gate", Buffer.of(5, 0)), ""],
    ["an answer to somebody else's question", answer("else", text("Linux")), undefined],
    ["our own question sent back", snmpQuestion, undefined],
    ["rubbish", Buffer.from("hello"), undefined],
    ["a length beyond its end", Buffer.from("3082ffff", "hex"), undefined],
    ["nothing", undefined, undefined],
  ])("%s", async (_, datagram, said) => {
    const outcome = await lookAt(netSnmp, datagram === undefined ? {} : { udp: { 161: datagram } });
    expect(outcome.kind).toBe(said === undefined ? "passed" : "failed");
    if (datagram !== undefined) expect(readSnmpAnswer(datagram)).toBe(said);
  });

  it("asks with the community public for sysDescr, as RFC 1157 writes it", () => {
    expect(snmpQuestion.length).toBe(2 + (snmpQuestion[1] ?? 0));
    expect(snmpQuestion.includes("public")).toBe(true);
    expect(snmpQuestion.includes(Buffer.from("2b06010201010100", "hex").subarray(0, 8))).toBe(true);
  });

  it("reads any bytes without failing", () => {
    const whole = answer("gate", text("Linux"));
    for (let at = 0; at < whole.length; at++)
      for (const byte of [0, 1, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff]) {
        const bent = Buffer.from(whole);
        bent[at] = byte;
        expect(() => readSnmpAnswer(bent)).not.toThrow();
        expect(() => readSnmpAnswer(bent.subarray(0, at))).not.toThrow();
      }
  });
});
