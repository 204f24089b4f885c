import { describe, expect, it } from "@jest/globals";

import { vendors, type Vendor } from "../probe/probed-camera.ts";
import { builtInAccounts, defaultLogins } from "./default-logins.ts";

const loginsOf = (vendor: Vendor, manufacturer = ""): readonly string[] =>
  defaultLogins({ vendor, manufacturer }).map(({ username, password }) => `${username}:${password}`);

describe("defaultLogins", () => {
  it.each<[Vendor, string, readonly string[]]>([
    ["hikvision", "HIKVISION", ["admin:12345"]],
    ["dahua", "Amcrest", ["admin:admin"]],
    ["reolink", "Reolink", ["admin:"]],
    ["axis", "AXIS", ["root:pass"]],
    ["foscam", "Foscam", ["admin:"]],
    ["tapo", "tp-link", []],
    ["wyze", "Wyze", []],
    ["other", "Samsung Techwin", ["admin:4321"]],
    ["other", "Hanwha Vision", ["admin:4321"]],
    ["other", "MOBOTIX AG", ["admin:meinsm"]],
    ["other", "VIVOTEK", ["root:"]],
    ["other", "i-PRO", ["admin:12345"]],
    ["other", "IPCAM", ["admin:admin"]],
    ["other", "", ["admin:admin"]],
  ])("of %s, %j, are %j", (vendor, manufacturer, expected) => {
    expect(loginsOf(vendor, manufacturer)).toEqual(expected);
  });

  it("leave each account a wrong password for the empty one", () => {
    for (const vendor of vendors) {
      const names = defaultLogins({ vendor, manufacturer: "" }).map(({ username }) => username);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("are of accounts that belong to the camera", () => {
    for (const vendor of vendors) {
      const identity = { vendor, manufacturer: "" };
      const names = defaultLogins(identity).map(({ username }) => username);
      expect(builtInAccounts(identity)).toEqual(expect.arrayContaining(names));
    }
  });
});
