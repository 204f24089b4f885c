import { describe, expect, it } from "@jest/globals";

import { installedWith, locked, nameOf, resolve, type LockedPackage } from "../support/lock-file.ts";
import { packages, read } from "../support/repository.ts";

interface Manifest extends LockedPackage {
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly name: string;
  readonly license: string;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

const json = (path: string): unknown => JSON.parse(read(path));
const manifest = json("package.json") as Manifest;

/** Licences that ask for no more than a notice (MPL-2.0: for changed files of its own). */
const accepted = new Set([
  "MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "MPL 2.0", "BlueOak-1.0.0", "CC0-1.0", "Unlicense", "Python-2.0", "CC-BY-4.0",
]); // prettier-ignore

/** Every package that a user of our packages installs. */
const shipped = (): string[] => installedWith(...packages).filter((path) => locked[path]?.link !== true);

describe("dependencies", () => {
  it("that reach users carry an accepted licence", () => {
    const paths = shipped();
    expect(paths).toContain("node_modules/zod");
    const wrong = paths.filter((path) => {
      const licence = locked[path]?.license ?? "none";
      return !licence.split(/ OR /).some((one) => accepted.has(one.replace(/[()]/g, "")));
    });
    expect(wrong.map((path) => `${nameOf(path)}: ${locked[path]?.license ?? "none"}`)).toEqual([]);
  });

  it("that reach users run no script at installation", () => {
    expect(shipped().filter((path) => locked[path]?.hasInstallScript === true)).toEqual([]);
  });

  it("run no script at installation but node's own, and each that would is refused by name", () => {
    const scripted = Object.entries(locked)
      .filter(([path, entry]) => path !== "" && entry.hasInstallScript === true)
      .map(([path]) => nameOf(path));
    expect(scripted).toContain("node");
    const rules = manifest.allowScripts ?? {};
    expect(scripted.filter((name) => !Object.hasOwn(rules, name))).toEqual([]);
    expect(Object.keys(rules).filter((name) => rules[name] === true)).toEqual(["node"]);
  });

  it("are locked without any registry's host", () => {
    expect(
      Object.entries(locked).filter(
        ([path, entry]) => path.includes("node_modules") && entry.resolved?.startsWith("http"),
      ),
    ).toEqual([]);
  });

  it("are locked for every platform: what npm leaves out here would fail `npm ci` everywhere", () => {
    const missing = Object.entries(locked).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => resolve(path, name) === undefined),
    );
    expect(missing).toEqual([]);
  });

  it("are pinned exactly, and our packages share one licence", () => {
    for (const name of ["", ...packages]) {
      const own = json(`${name === "" ? "." : name}/package.json`) as Manifest;
      expect(own.license).toBe("MIT");
      const ranges = Object.entries({ ...own.dependencies, ...own.devDependencies });
      expect(ranges.filter(([, range]) => !/^\d/.test(range))).toEqual([]);
      expect(Object.keys(own.scripts ?? {}).filter((script) => /^(pre|post)?install$/.test(script))).toEqual([]);
    }
  });
});
