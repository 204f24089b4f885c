import { describe, expect, it } from "@jest/globals";

import { findCookie, makeCookie } from "../../gateway-bridge/src/access/logins/cookies.ts";
import { deviceName } from "../../gateway-bridge/src/access/logins/device-name.ts";
import { formatPhc, parsePhc } from "../../gateway-bridge/src/access/people/phc.ts";
import { fuzz } from "../support/fuzz.ts";

const secret = Buffer.alloc(32, 7);
const phc = formatPhc({
  memory: 47_104,
  passes: 1,
  parallelism: 1,
  salt: Buffer.alloc(16, 1),
  tag: Buffer.alloc(32, 2),
});

describe("what anybody may send or bend", () => {
  it("a password's row is read as it was written, or not at all", () => {
    const corpus = [phc, phc.replace("m=47104", "m=8"), phc.replace("p=1", "p=4")].map((text) => Buffer.from(text));
    let read = 0;
    fuzz(
      (input) => {
        const text = input.toString("latin1");
        const parsed = parsePhc(text);
        if (parsed === undefined) return;
        read += 1;
        expect(formatPhc(parsed)).toBe(text);
        expect(parsed.memory * parsed.passes).toBeLessThanOrEqual(262_144 * 16);
      },
      { corpus, dictionary: ["$", "argon2id", "v=19", "m=", "t=", "p=", "262144", "0", "99999999999", "="] },
    );
    expect(read).toBeGreaterThan(0);
  });

  it("a Cookie header holds one of our cookies whole, or none that counts", () => {
    const value = secret.toString("base64url");
    const corpus = [
      `__Host-gatehouse=${value}`,
      `a=b; __Host-gatehouse=${value}; __Host-gatehouse-device=${value}`,
      makeCookie("login", secret),
    ].map((text) => Buffer.from(text));
    const kinds = new Set<string>();
    fuzz(
      (input) => {
        const found = findCookie(input.toString("latin1"), "login");
        kinds.add(found.kind);
        if (found.kind === "found") expect(found.secret).toHaveLength(32);
      },
      { corpus, dictionary: ["__Host-gatehouse=", "__Host-", "; ", ";", "=", '"', ",", "A".repeat(43)] },
    );
    expect([...kinds].sort()).toEqual(["damaged", "found", "none"]);
  });

  it("a browser's own name is made of our words alone", () => {
    const names = new Set<string>();
    const corpus = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Chrome/1 Safari/1 Edg/1 (iPhone)"];
    fuzz((input) => names.add(deviceName(input.toString("latin1"))), {
      corpus: corpus.map((text) => Buffer.from(text)),
    });
    for (const name of names) expect(name).toMatch(/^(A browser|\w+)( on \w+)?$/);
  });
});
