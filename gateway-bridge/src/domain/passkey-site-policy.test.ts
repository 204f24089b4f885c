import { describe, expect, it } from "@jest/globals";

import { parseAuthority } from "./authority.ts";
import { passkeySite } from "./passkey-site-policy.ts";

const names = new Set(["gw-aaaaaaaaaaaaaaaa.local", "cams.example.org", "localhost"]);

describe("passkeys", () => {
  it.each([
    [
      "gw-aaaaaaaaaaaaaaaa.local:8443",
      { host: "gw-aaaaaaaaaaaaaaaa.local", origin: "https://gw-aaaaaaaaaaaaaaaa.local:8443" },
    ],
    [
      "GW-aaaaaaaaaaaaaaaa.LOCAL:8443",
      { host: "gw-aaaaaaaaaaaaaaaa.local", origin: "https://gw-aaaaaaaaaaaaaaaa.local:8443" },
    ],
    ["cams.example.org", { host: "cams.example.org", origin: "https://cams.example.org" }],
    ["cams.example.org:443", { host: "cams.example.org", origin: "https://cams.example.org" }],
    ["localhost:8443", { host: "localhost", origin: "https://localhost:8443" }],
    ["192.168.1.9:8443", undefined],
    ["[fd00::1]:8443", undefined],
    ["example.org", undefined],
    ["evil.cams.example.org", undefined],
  ])("asked for at %s belong to %p", (host, site) => {
    expect(passkeySite(parseAuthority(host), names)).toEqual(site);
  });

  it("belong to nobody where the host is not known", () => {
    expect(passkeySite(undefined, names)).toBeUndefined();
  });
});
