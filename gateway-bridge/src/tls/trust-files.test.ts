import { describe, expect, it } from "@jest/globals";
import { XMLParser } from "fast-xml-parser";

import { make } from "../protocols/x509/testing/authority.ts";
import { mobileConfig } from "./trust-files.ts";

const authority = make({});
const profileOf = (name: string): string => mobileConfig({ authority, name, gateway: "gw-abcdefghijklmnop" });

describe("mobileConfig", () => {
  it("is a profile with the authority as a root certificate, and nothing else to install", () => {
    const text = profileOf("Home");
    expect(text.match(/<key>PayloadType<\/key><string>([^<]+)/g)).toEqual([
      "<key>PayloadType</key><string>Configuration",
      "<key>PayloadType</key><string>com.apple.security.root",
    ]);
    const data = /<data>([^<]+)<\/data>/.exec(text)?.[1] ?? "";
    expect(Buffer.from(data, "base64").equals(authority.raw)).toBe(true);
  });

  it("is the same profile for the same certificate, so that installing it again replaces it", () => {
    const uuids = (text: string) => [...text.matchAll(/<key>PayloadUUID<\/key><string>([^<]+)/g)].map(([, id]) => id);
    const [first, second] = [uuids(profileOf("Home")), uuids(profileOf("Another name"))];
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(2);
    for (const id of first) expect(id).toMatch(/^[\dA-F]{8}-[\dA-F]{4}-8[\dA-F]{3}-[89AB][\dA-F]{3}-[\dA-F]{12}$/);
    const other = mobileConfig({ authority: make({}), name: "Home", gateway: "gw-abcdefghijklmnop" });
    expect(uuids(other)).not.toEqual(first);
  });

  it("keeps whatever name the owner chose from becoming markup", () => {
    const name = `</string><key>x</key>&"'Küche 🎥`;
    const text = profileOf(name);
    const parsed = new XMLParser({ htmlEntities: true, ignoreDeclaration: true }).parse(text) as {
      plist: { dict: { string: string[] } };
    };
    expect(parsed.plist.dict.string).toContain(`${name} (Gatehouse)`);
  });
});
