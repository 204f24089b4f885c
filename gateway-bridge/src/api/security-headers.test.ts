import { describe, expect, it } from "@jest/globals";

import { parseAuthority } from "../domain/authority.ts";
import { pageHeaders, securityHeaders } from "./security-headers.ts";

describe("securityHeaders", () => {
  it("forbid keeping, guessing, framing, reading from outside and running", () => {
    expect(securityHeaders(undefined)).toEqual({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  });

  it.each([
    ["gw-abcdefghijklmnop.local:8443", true],
    ["cams.example.org", true],
    ["localhost:8443", false],
    ["192.168.1.5:8443", false],
    ["[fd00::1]:8443", false],
  ])("keep a browser to HTTPS under %s: %s", (host, kept) => {
    const headers = securityHeaders(parseAuthority(host));
    expect(headers["strict-transport-security"]).toBe(kept ? "max-age=63072000" : undefined);
    expect(Object.keys(headers)).toHaveLength(kept ? 9 : 8);
  });
});

it("let the gateway's own pages run what comes from it, and nothing inline or evaluated", () => {
  const policy = pageHeaders["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});
