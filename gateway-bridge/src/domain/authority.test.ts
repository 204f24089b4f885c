import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { formatAuthority, originOf, parseAuthority } from "./authority.ts";

describe("parseAuthority", () => {
  it.each([
    ["Cams.EXAMPLE.org:8443", { host: "cams.example.org", kind: "name", port: 8443 }],
    ["localhost", { host: "localhost", kind: "name", port: undefined }],
    ["192.168.1.5:443", { host: "192.168.1.5", kind: "address", port: 443 }],
    ["[FD00:0:0::0001]", { host: "[fd00::1]", kind: "address", port: undefined }],
    ["[::ffff:10.0.0.1]:1", { host: "10.0.0.1", kind: "address", port: 1 }],
    ["1password.example", { host: "1password.example", kind: "name", port: undefined }],
  ])("reads %s", (text, authority) => {
    expect(parseAuthority(text)).toEqual(authority);
  });

  it.each([
    ["a dot at the end", "localhost.:8443"],
    ["a zone", "[fe80::1%eth0]:8443"],
    ["an escaped zone", "[fe80::1%25eth0]:8443"],
    ["an IPv6 address without brackets", "fd00::1"],
    ["a name in brackets", "[localhost]:8443"],
    ["an IPv4 address in brackets", "[192.168.1.5]:8443"],
    ["a port too large", "localhost:65536"],
    ["port 0", "localhost:0"],
    ["an empty port", "localhost:"],
    ["a name and a password", "a:b@localhost:8443"],
    ["a list", "localhost:8443, evil.example"],
    ["a path", "localhost:8443/x"],
    ["a space", "localhost:8443 "],
    ["an address in one number", "2130706433:8443"],
    ["an address in two parts", "127.1:8443"],
    ["an address in hexadecimal", "0x7f000001:8443"],
    ["an underscore", "a_b"],
    ["a label that ends in a hyphen", "a-.example"],
    ["a label too long", `${"a".repeat(64)}.example`],
    ["nothing", ""],
  ])("refuses %s", (_case, text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });

  it("makes of any text nothing, or what it reads again as the same", () => {
    const piece = fc.constantFrom(
      "[",
      "]",
      ":",
      ".",
      "-",
      "%",
      "::1",
      "127.0.0.1",
      "a",
      "B",
      "443",
      "0",
      "x",
      " ",
      "@",
    );
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(piece, { maxLength: 12 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (given) => {
        const authority = parseAuthority(given);
        if (authority !== undefined) expect(parseAuthority(formatAuthority(authority))).toEqual(authority);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("originOf", () => {
  it.each([
    "Localhost:8443",
    "cams.example.org",
    "cams.example.org:443",
    "[FD00::0:1]:8443",
    "[fd00::443]:443",
    "10.0.0.1:80",
  ])("of %s is what a browser calls it", (text) => {
    const authority = parseAuthority(text);
    expect(authority && originOf(authority)).toBe(new URL(`https://${text}`).origin);
  });
});
