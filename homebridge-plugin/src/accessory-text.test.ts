import { describe, expect, it } from "@jest/globals";

import { homeKitFirmware, homeKitName, homeKitText } from "./accessory-text.ts";

describe("homeKitName", () => {
  it.each([
    ["Front door", "Front door"],
    ["  Küche (links) ", "Küche (links"],
    ["📷 Garage", "Garage"],
    ["Anna’s room!", "Anna’s room"],
    ["a\tb", "a b"],
    ["Tür|Hof", "Tür Hof"],
    ["玄関", "玄関"],
    ["7", "Camera 7"],
    ["🐈", "Camera"],
    ["", "Camera"],
  ])("makes of %j the name %j", (given, expected) => {
    const name = homeKitName(given);
    expect(name).toBe(expected);
    // HAP-NodeJS warns of names that do not match this, because the Home app refuses them.
    expect(name).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{Zs}\u2019'&!._:;()/,-]*[\p{L}\p{N}]$/u);
  });
});

describe("homeKitFirmware", () => {
  it.each([
    ["1.2.3", "1.2.3"],
    ["V5.7.3 build 220112", "5.7.3"],
    ["v2.800.0000000.1.R", "2.800.0000000"],
    ["12", "12"],
    ["", "0"],
    ["beta", "0"],
  ])("makes of %j the revision %j", (given, expected) => expect(homeKitFirmware(given)).toBe(expected));
});

describe("homeKitText", () => {
  it.each([
    ["Maker", "Maker"],
    ["", "fallback"],
    ["x", "fallback"],
    ["A\u0000B\nC", "ABC"],
    ["é".repeat(40), "é".repeat(32)],
    [`a${"é".repeat(40)}`, `a${"é".repeat(31)}`],
  ])("makes of %j the text %j", (given, expected) => {
    expect(homeKitText(given, "fallback")).toBe(expected);
    expect(Buffer.byteLength(homeKitText(given, "fallback"))).toBeLessThanOrEqual(64);
  });
});
