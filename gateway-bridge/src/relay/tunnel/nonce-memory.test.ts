import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";

import { mostByOneSalt, NonceMemory } from "./nonce-memory.ts";

const nonceOf = (salt: string): string =>
  Buffer.concat([Buffer.from(salt, "base64url"), randomBytes(16)]).toString("base64url");

describe("NonceMemory", () => {
  it("knows a nonce as fresh until it was kept", () => {
    const memory = new NonceMemory();
    const nonce = nonceOf(memory.salt);
    expect(memory.judge(nonce)).toBe("fresh");
    expect(memory.keep(nonce)).toBe(false);
    expect(memory.judge(nonce)).toBe("used");
    expect(memory.judge(nonceOf(memory.salt))).toBe("fresh");
  });

  it("takes another text of the same bytes for the same nonce", () => {
    const memory = new NonceMemory();
    const nonce = nonceOf(memory.salt);
    memory.keep(nonce);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = letters.indexOf(nonce.at(-1)!);
    const other = nonce.slice(0, -1) + letters.charAt(last ^ 1);
    expect(Buffer.from(other, "base64url")).toEqual(Buffer.from(nonce, "base64url"));
    expect(memory.judge(other)).toBe("used");
  });

  it("knows neither the salt of another tunnel, nor half a nonce", () => {
    const memory = new NonceMemory();
    expect(memory.judge(nonceOf(new NonceMemory().salt))).toBe("foreign");
    expect(memory.judge(memory.salt)).toBe("foreign");
    expect(memory.keep(nonceOf(new NonceMemory().salt))).toBe(false);
  });

  it("draws a new salt when it is full, and forgets the one before the last", () => {
    const memory = new NonceMemory();
    const first = memory.salt;
    const early = nonceOf(first);
    memory.keep(early);
    const fill = (): boolean[] => Array.from({ length: mostByOneSalt - 1 }, () => memory.keep(nonceOf(memory.salt)));
    expect(fill().lastIndexOf(true)).toBe(mostByOneSalt - 2);
    const second = memory.salt;
    expect(second).not.toBe(first);
    expect(memory.judge(early)).toBe("used");
    expect(memory.judge(nonceOf(first))).toBe("fresh");
    memory.keep(nonceOf(memory.salt));
    fill();
    expect(memory.judge(early)).toBe("foreign");
    expect(memory.judge(nonceOf(second))).toBe("fresh");
  });

  it("stops taking the salt before, where the relay never gives out the new one", () => {
    const memory = new NonceMemory();
    const first = memory.salt;
    for (let count = 0; count < 2 * mostByOneSalt; count += 1) {
      expect(memory.judge(nonceOf(first))).toBe("fresh");
      memory.keep(nonceOf(first));
    }
    expect(memory.judge(nonceOf(first))).toBe("foreign");
  });
});
