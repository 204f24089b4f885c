import { describe, expect, it } from "@jest/globals";

import { clientHello, readServerHello } from "./broken-hello.ts";

/** A record with one message in it, as RFC 5246 6.2.1 and 7.4 write them. */
const record = (message: number, body: Buffer, type = 22): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 0, 0, body.length + 4), Buffer.of(message, 0, 0, body.length), body]);
const hello = (version: number, suite: number, session = 0): Buffer =>
  record(
    2,
    Buffer.concat([
      Buffer.of(3, version),
      Buffer.alloc(32, 7),
      Buffer.of(session),
      Buffer.alloc(session, 9),
      Buffer.of(suite >> 8, suite & 0xff, 0),
    ]),
  );
const alert = Buffer.of(21, 3, 0, 0, 2, 2, 40);

describe("readServerHello", () => {
  it.each<[string, Buffer, object]>([
    ["SSL 3.0", hello(0, 0x35), { protocol: "SSLv3", cipher: "TLS_RSA_WITH_AES_256_CBC_SHA" }],
    ["3DES", hello(3, 0x0a), { protocol: "TLSv1.2", cipher: "TLS_RSA_WITH_3DES_EDE_CBC_SHA" }],
    ["RC4, with a session", hello(1, 0xc011, 32), { protocol: "TLSv1", cipher: "TLS_ECDHE_RSA_WITH_RC4_128_SHA" }],
    ["a cipher without a key", hello(2, 0x02), { protocol: "TLSv1.1", cipher: "TLS_RSA_WITH_NULL_SHA" }],
    ["more behind it", Buffer.concat([hello(3, 0x05), alert]), { protocol: "TLSv1.2", cipher: "TLS_RSA_WITH_RC4_128_SHA" }],
  ])("reads %s", (_, bytes, expected) => {
    expect(readServerHello(bytes)).toEqual({ kind: "hello", hello: expected });
    for (let at = 0; at < bytes.length && at < hello(0, 0).length; at++)
      expect(readServerHello(bytes.subarray(0, at)).kind).toBe("incomplete");
  }); // prettier-ignore

  it.each<[string, Buffer]>([
    ["a refusal", alert],
    ["a choice that was not offered", hello(3, 0x1301)],
    ["what is sound, by a later protocol", hello(1, 0x2f)],
    ["a version that there is not", hello(9, 0x0a)],
    ["another message", record(1, Buffer.alloc(60))],
    ["a message that is too short", record(2, Buffer.alloc(20))],
    ["a page", Buffer.from("HTTP/1.0 400 Bad Request\r\n\r\n")],
  ])("takes %s for nothing", (_, bytes) => {
    expect(readServerHello(bytes)).toEqual({ kind: "other" });
  });

  it("reads any bytes without failing", () => {
    const whole = hello(3, 0x0a, 32);
    for (let at = 0; at < whole.length; at++)
      for (const byte of [0, 1, 2, 3, 21, 22, 32, 0x7f, 0x80, 0xff]) {
        const bent = Buffer.from(whole);
        bent[at] = byte;
        expect(["hello", "incomplete", "other"]).toContain(readServerHello(bent).kind);
        expect(["incomplete", "other"]).toContain(readServerHello(bent.subarray(0, at)).kind);
      }
  });
});

describe("clientHello", () => {
  it.each(["ssl3", "ciphers"] as const)("says how long it is, everywhere: %s", (offer) => {
    const bytes = clientHello(offer);
    expect([bytes[0], bytes.readUInt16BE(3)]).toEqual([22, bytes.length - 5]);
    expect([bytes[5], bytes.readUIntBE(6, 3)]).toEqual([1, bytes.length - 9]);
    const suites = bytes.readUInt16BE(44);
    const compression = 46 + suites;
    expect([...bytes.subarray(compression, compression + 2)]).toEqual([1, 0]);
    const rest = bytes.subarray(compression + 2);
    expect(rest.length).toBe(offer === "ssl3" ? 0 : rest.readUInt16BE(0) + 2);
  });
});
