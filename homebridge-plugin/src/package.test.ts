import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";

interface Manifest {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly engines: Readonly<Record<string, string>>;
  readonly homepage: string;
  readonly bugs: { readonly url: string };
  readonly repository: { readonly url: string; readonly directory: string };
  readonly main: string;
  readonly exports: { readonly ".": Readonly<Record<string, string>> };
  readonly files: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: unknown;
}

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Manifest;

// https://github.com/homebridge/plugins: what Homebridge's loader and its verification ask of a plugin.
describe("package.json of the Homebridge plugin", () => {
  it("is named and marked so that Homebridge finds it", () => {
    expect(manifest.name).toMatch(/^homebridge-/);
    expect(manifest.keywords).toContain("homebridge-plugin");
    expect(manifest.keywords.length).toBeGreaterThan(1);
  });

  it("says which Node and Homebridge it runs on", () => {
    expect(manifest.engines).toEqual({ node: "^22.12.0 || ^24.0.0 || ^26.0.0", homebridge: "^2.0.0" });
  });

  it("says over https where its page and its issues are", () => {
    for (const url of [manifest.homepage, manifest.bugs.url]) expect(url).toMatch(/^https:\/\//);
    expect(manifest.repository).toMatchObject({ directory: "homebridge-plugin" });
  });

  it("brings no Homebridge and no HAP-NodeJS of its own", () => {
    const brought = Object.keys(manifest.dependencies);
    expect(brought).toContain("@gatehouse/shared");
    expect(brought.filter((name) => /homebridge|hap-nodejs/.test(name))).toEqual([]);
    expect(manifest.peerDependencies).toBeUndefined();
  });

  it("runs nothing when it is installed", () => {
    expect(Object.keys(manifest.scripts ?? {}).filter((name) => /install|prepare/.test(name))).toEqual([]);
  });

  it("is imported from the same built file by Homebridge, which reads exports itself, and by Node", () => {
    expect(manifest.exports["."]["default"]).toBe(manifest.main);
    expect(manifest.files).toEqual(expect.arrayContaining(["dist", "config.schema.json", "!dist/**/*.test.*"]));
  });
});
