import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";

import { parseConfig } from "./config.ts";
import { configSchema } from "./config-schema.ts";

const entry = (over: Record<string, unknown> = {}): Record<string, unknown> => ({ platform: "Gatehouse", ...over });

describe("parseConfig", () => {
  it("needs nothing but the platform, and bridges its cameras by default", () => {
    expect(parseConfig(entry())).toEqual({ name: "Gatehouse", external: false });
  });

  it("takes what Homebridge itself writes", () => {
    const given = { name: "Cameras", external: true, _bridge: { username: "0E:00:00:00:00:01" } };
    expect(parseConfig(entry(given))).toEqual({ name: "Cameras", external: true });
  });

  it.each([
    ["  gh1.a.b.c\n", "gh1.a.b.c"],
    ["", undefined],
    ["   ", undefined],
    [undefined, undefined],
  ])("reads the pairing string %j as %j", (given, expected) => {
    expect(parseConfig(entry({ pairingString: given })).pairingString).toBe(expected);
  });

  it.each([
    [{ pairingstring: "gh1.secret" }, /unknown key "pairingstring"/],
    [{ external: "yes" }, /external/],
    [{ pairingString: 7 }, /pairingString/],
    [{ name: "" }, /name/],
    [{ pairingString: `gh1.secret${"x".repeat(2_000)}` }, /pairingString/],
  ])("names the wrong key of %j and never its value", (given, message) => {
    let caught: unknown;
    try {
      parseConfig(entry(given));
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: "config-invalid", message: expect.stringMatching(message) });
    expect(caught).toMatchObject({ remedy: expect.stringContaining("nothing was changed") });
    expect(String(caught)).not.toContain("gh1.secret");
  });
});

describe("config.schema.json", () => {
  const file: unknown = JSON.parse(readFileSync(new URL("../config.schema.json", import.meta.url), "utf8"));

  it("is what the schema in the code says (`npm run schema -w homebridge-gatehouse` makes it anew)", () => {
    expect(file).toEqual(configSchema());
  });

  it("has what Homebridge's web page needs, a title and a description for every field", () => {
    expect(file).toMatchObject({ pluginAlias: "Gatehouse", pluginType: "platform", singular: true });
    const { schema } = file as { schema: { required: string[]; properties: Record<string, Record<string, unknown>> } };
    expect(Object.keys(schema.properties)).toEqual(["name", "pairingString", "external"]);
    expect(schema.required).toEqual(["name"]);
    for (const field of Object.values(schema.properties)) {
      expect(field).toMatchObject({ title: expect.any(String), description: expect.any(String) });
    }
    // A field that Homebridge keeps in the entry itself must not be refused by the form.
    expect(schema).not.toHaveProperty("additionalProperties", false);
  });
});
