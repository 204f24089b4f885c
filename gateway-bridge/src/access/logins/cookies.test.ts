import { describe, expect, it } from "@jest/globals";

import { dropCookie, findCookie, makeCookie } from "./cookies.ts";

const secret = Buffer.alloc(32, 7);
const value = secret.toString("base64url");

describe("findCookie", () => {
  it.each([
    [undefined, "none"],
    ["", "none"],
    ["theme=dark", "none"],
    [`__Host-gatehouse-device=${value}`, "none"],
    [`x__Host-gatehouse=${value}`, "none"],
    [`__host-gatehouse=${value}`, "none"],
    ["__Host-gatehouse=", "damaged"],
    [`__Host-gatehouse=${value}a`, "damaged"],
    [`__Host-gatehouse="${value}"`, "damaged"],
    [`__Host-gatehouse=${value}; __Host-gatehouse=${value}`, "damaged"],
    [`__Host-gatehouse=${value};${"x".repeat(4_096)}`, "damaged"],
    [`__Host-gatehouse=${value}`, "found"],
    [`a=b;__Host-gatehouse=${value}; __Host-gatehouse-device=${value}`, "found"],
  ])("of %j: %s", (header, kind) => {
    const found = findCookie(header, "login");
    expect(found.kind).toBe(kind);
    if (found.kind === "found") expect(found.secret).toEqual(secret);
  });
});

it("cookies are for this host alone, over TLS, out of reach of scripts, and of other sites", () => {
  const attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";
  expect(makeCookie("login", secret)).toBe(`__Host-gatehouse=${value}; ${attributes}`);
  expect(makeCookie("device", secret)).toBe(`__Host-gatehouse-device=${value}; ${attributes}; Max-Age=34560000`);
  expect(dropCookie("login")).toBe(`__Host-gatehouse=; ${attributes}; Max-Age=0`);
});
