import { describe, expect, it } from "@jest/globals";

import { parseFingerprint, readableFingerprint } from "./fingerprint.ts";

const pin = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8)).toString("base64url");

describe("fingerprints", () => {
  it("are shown in pairs and read back in every form that people paste", () => {
    const readable = readableFingerprint(pin);
    expect(readable).toMatch(/^00:08:10:(?:[0-9A-F]{2}:){28}F8$/);
    const bare = readable.replaceAll(":", "");
    for (const form of [
      pin,
      ` ${pin}\n`,
      readable,
      readable.toLowerCase(),
      bare,
      `SHA-256 ${readable}`,
      `sha256:${bare}`,
      readable.replaceAll(":", " "),
    ]) {
      expect(parseFingerprint(form)).toBe(pin);
    }
  });

  it.each(["", "AB:CD", pin.slice(1), `${pin}A`, "z".repeat(64), "0".repeat(63)])("%j is none", (text) => {
    expect(() => parseFingerprint(text)).toThrow(
      expect.objectContaining({ code: "request-invalid", details: { field: "fingerprint" } }),
    );
  });
});
