import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";

import { formatPairingString, parseAddress, parsePairingString } from "./pairing-string.ts";

const ticket = { address: "gateway.lan:8443", keyHash: Buffer.alloc(16, 7), secret: Buffer.alloc(16, 0xfe) };
const malformed = expect.objectContaining({ code: "pairing-string-malformed" });

describe("pairing string", () => {
  it.each(["127.0.0.1:8443", "gateway.lan:1", "[fd00::1]:65535", "my_host-2:443"])(
    "survives its way with %s",
    (address) => {
      const given = { address, keyHash: randomBytes(16), secret: randomBytes(16) };
      expect(parsePairingString(formatPairingString(given))).toEqual(given);
    },
  );

  it("has the published form", () => {
    expect(formatPairingString(ticket)).toBe(
      "gh1.Z2F0ZXdheS5sYW46ODQ0Mw.BwcHBwcHBwcHBwcHBwcHBw._v7-_v7-_v7-_v7-_v7-_g",
    );
  });

  it("is read with white space round it", () => {
    expect(parsePairingString(`\n\t ${formatPairingString(ticket)} \r\n`)).toEqual(ticket);
  });

  const good = formatPairingString(ticket);
  it.each([
    ["nothing", ""],
    ["another version", good.replace("gh1", "gh2")],
    ["a lost end", good.slice(0, -1)],
    ["a letter too many", `${good}A`],
    ["a part too many", `${good}.AAAA`],
    ["a line break inside", good.replace(".", ".\n")],
    ["an address without a port", formatPairingString({ ...ticket, address: "gateway.lan" })],
    ["port 0", formatPairingString({ ...ticket, address: "gateway.lan:0" })],
    ["port 65536", formatPairingString({ ...ticket, address: "gateway.lan:65536" })],
    ["a path in the address", formatPairingString({ ...ticket, address: "gateway.lan/x:443" })],
    ["a user in the address", formatPairingString({ ...ticket, address: "me@gateway.lan:443" })],
    ["bare IPv6", formatPairingString({ ...ticket, address: "fd00::1:443" })],
    ["control characters", formatPairingString({ ...ticket, address: "gate\nway:443" })],
    ["a name longer than DNS has", formatPairingString({ ...ticket, address: `${"a".repeat(260)}:443` })],
  ])("is refused with %s", (_, text) => {
    expect(() => parsePairingString(text)).toThrow(malformed);
  });

  it("never repeats what it was given in its error", () => {
    const secret = ticket.secret.toString("base64url");
    try {
      parsePairingString(`${good}x`);
      throw new Error("accepted");
    } catch (error) {
      expect(String(error)).not.toContain(secret.slice(0, 8));
    }
  });
});

describe("parseAddress", () => {
  it("takes the brackets off IPv6", () => {
    expect(parseAddress("[::1]:8443")).toEqual({ host: "::1", port: 8443 });
    expect(parseAddress("192.0.2.1:1")).toEqual({ host: "192.0.2.1", port: 1 });
  });
  it.each(["", ":1", "a:", "a:b", "a:123456", "[::1]", "[]:1", "-a:1", "a-:1"])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
