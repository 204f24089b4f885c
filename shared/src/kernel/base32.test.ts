import { describe, expect, it } from "@jest/globals";

import { CameraId, PrincipalId, SessionId } from "../contract/ids.ts";
import { base32, randomId } from "./base32.ts";

describe("base32", () => {
  // RFC 4648 10, lower-cased and without padding
  it.each([
    ["", ""],
    ["f", "my"],
    ["fo", "mzxq"],
    ["foo", "mzxw6"],
    ["foob", "mzxw6yq"],
    ["fooba", "mzxw6ytb"],
    ["foobar", "mzxw6ytboi"],
  ])("writes %j as %j", (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected);
  });

  it("reaches the ends of its alphabet", () => {
    expect(base32(Buffer.alloc(5))).toBe("aaaaaaaa");
    expect(base32(Buffer.alloc(5, 0xff))).toBe("77777777");
  });
});

describe("randomId", () => {
  it("makes ids that the contract accepts, never the same twice", () => {
    expect(CameraId.safeParse(randomId("cam")).success).toBe(true);
    expect(PrincipalId.safeParse(randomId("who")).success).toBe(true);
    expect(SessionId.safeParse(randomId("ses")).success).toBe(true);
    expect(new Set(Array.from({ length: 1_000 }, () => randomId("ses"))).size).toBe(1_000);
  });
});
