import { describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { AdvisoryList, lockedPackages, matchAdvisories } from "../../gateway-bridge/src/update/advisories.ts";
import { commands } from "../../gateway-bridge/src/cli/commands/index.ts";
import { read, root } from "../support/repository.ts";

const folder = "gateway-bridge/packaging";
const installs = read(`${folder}/install.sh`);
const units = ["gatehouse.service", "gatehouse-update.service", "gatehouse-update.timer"];

/** What a unit runs, without the signs before it that systemd takes. */
const programsOf = (unit: string): string[] =>
  [...read(`${folder}/${unit}`).matchAll(/^Exec\w+=[-+@:!]*(.+)$/gm)].map(([, line = ""]) => line);

describe("what installs the gateway", () => {
  it.each(["install.sh", "uninstall.sh"])("%s is a shell script that can be parsed", (name) => {
    const { status, stderr } = spawnSync("sh", ["-n", join(root, folder, name)]);
    expect([status, String(stderr)]).toEqual([0, ""]);
  });

  it.each(units)("%s is put where systemd looks for it, and taken away again", (unit) => {
    for (const script of [installs, read(`${folder}/uninstall.sh`)]) expect(script).toContain(unit);
    expect(read(`${folder}/make-release.ts`)).toContain(`"${unit}"`);
  });

  it("has units run only what the installation makes, and commands that there are", () => {
    const lines = units.flatMap(programsOf);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) {
      const [program = "", ...words] = line.split(" ");
      expect(program).toMatch(/^\/usr\/lib\/gatehouse\/(current|proven)\/bin\/gatehouse$/);
      const called = words.filter((word) => !word.startsWith("-")).join(" ");
      expect(commands.map(({ path }) => path.join(" "))).toContain(called);
    }
    expect(installs).toContain("for link in current proven");
  });
});

describe("the list of advisories", () => {
  const list = AdvisoryList.parse(JSON.parse(read(`${folder}/advisories.json`)));
  const packages = lockedPackages(JSON.parse(read("package-lock.json"))) ?? [];

  it("names no fault of a package that people install", () => {
    const matches = matchAdvisories(list, packages);
    expect(matches.map(({ id, package: name, version, url }) => `${name} ${version}: ${id} ${url}`)).toEqual([]);
  });

  it("is about packages that are there, and would be heard", () => {
    const names = new Set(packages.map(({ name }) => name));
    expect(list.advisories.filter((advisory) => !names.has(advisory.package))).toEqual([]);
    const old = list.advisories.map((advisory) => ({ name: advisory.package, version: "4.1.3" }));
    expect(matchAdvisories(list, old).length).toBeGreaterThan(0);
  });
});
