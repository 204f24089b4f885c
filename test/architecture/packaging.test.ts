import { describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { AdvisoryList, lockedPackages, matchAdvisories } from "../../gateway-bridge/src/update/advisories.ts";
import { commands } from "../../gateway-bridge/src/cli/commands/index.ts";
import { relayCommands } from "../../gateway-bridge/src/relay-cli/commands/index.ts";
import { read, root } from "../support/repository.ts";

const folder = "gateway-bridge/packaging";
const installs = read(`${folder}/install.sh`);
const units = ["gatehouse.service", "gatehouse-update.service", "gatehouse-update.timer", "gatehouse-relay.service"];

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
      const [, name] =
        /^\/usr\/lib\/gatehouse\/(?:current|proven)\/bin\/(gatehouse|gatehouse-relay)$/.exec(program) ?? [];
      expect([program, name]).not.toEqual([program, undefined]);
      const called = words.filter((word) => !word.startsWith("-")).join(" ");
      const known = name === "gatehouse-relay" ? relayCommands : commands;
      expect(known.map(({ path }) => path.join(" "))).toContain(called);
      expect(read(`${folder}/make-release.ts`)).toContain(`"${name ?? ""}"`);
    }
    expect(installs).toContain("for link in proven current");
  });
});

describe("a unit that holds keys", () => {
  it.each(["gatehouse.service", "gatehouse-relay.service"])("%s leaves no memory on the disk", (unit) => {
    expect(read(`${folder}/${unit}`)).toMatch(/^LimitCORE=0$/m);
  });
});

describe("the Containerfile", () => {
  const text = read(`${folder}/Containerfile`);
  const instructions = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)] as const);
  const all = (name: string): readonly string[] => instructions.filter(([own]) => own === name).map(([, rest]) => rest);
  /** What is in the image in the end. */
  const last = instructions.slice(instructions.findLastIndex(([name]) => name === "FROM"));
  const made = read(`${folder}/make-release.ts`);

  it("begins with the Debian that install.sh knows, and has nothing of the network but its packages", () => {
    expect(all("FROM")).toEqual(["debian:13-slim AS installed", "debian:13-slim"]);
    expect(installs).toContain("12 | 13)");
    expect(text).not.toMatch(/curl|wget|ADD |https?:/);
    const packages = all("RUN").flatMap(
      (run) => /--no-install-recommends ([a-z -]+)/.exec(run)?.[1]?.trim().split(" ") ?? [],
    );
    expect(packages).toEqual(["openssl", "mawk", "bubblewrap", "ca-certificates", "ffmpeg", "tini"]);
  });

  it("copies what make-release puts beside the manifest, and the makers' key", () => {
    const [own = "", ...others] = all("COPY");
    const [target, ...sources] = own.split(" ").toReversed();
    expect(target).toBe("/release/");
    const beside = /const beside = \[(.*)\]/.exec(made)?.[1] ?? "";
    const released = `${read("gateway-bridge/src/update/manifest.ts")}${made}`;
    for (const source of sources.filter((name) => name !== "gatehouse-release.pem"))
      expect(source === "install.sh" ? beside : released).toContain(source.replace("*", "${version}-${platform}"));
    expect([...sources].sort()).toEqual([
      "gatehouse-*.tar.gz",
      "gatehouse-release.pem",
      "install.sh",
      "manifest.json",
      "manifest.json.sig",
    ]);
    // All else comes out of the stage that has checked it, by paths that the installer makes.
    for (const each of others) {
      const [, from = "", to = ""] = /^--from=installed \/installed(\S+) (\S+)$/.exec(each) ?? [];
      expect([from, installs.replaceAll("$program", "gatehouse").includes(`$root${from}`)]).toEqual([to, true]);
    }
  });

  it("installs by install.sh alone, which looks at signature and hash first, with the release's own Node.js", () => {
    expect(all("RUN")[1]).toBe(
      "mkdir /installed && DESTDIR=/installed sh /release/install.sh --key /release/gatehouse-release.pem",
    );
    expect(all("RUN").join("\n")).not.toMatch(/\bnode\b|npm/);
    expect(made).toContain("`node-${platform}@${node}`");
  });

  it("runs as a user with no rights, on a folder of its own, asked by `gatehouse health`; with no secret in it", () => {
    const orders = last.map(([name]) => name);
    const of = (name: string): string => last.find(([own]) => own === name)?.[1] ?? "";
    expect(of("USER")).toBe("gatehouse");
    expect(orders.slice(orders.indexOf("USER"))).not.toContain("RUN");
    expect(of("VOLUME")).toBe("/var/lib/gatehouse");
    expect(of("RUN")).toContain("install -d -o gatehouse -g gatehouse -m 0700 /var/lib/gatehouse");
    expect(of("HEALTHCHECK")).toMatch(/ CMD \["gatehouse", "health"\]$/);
    expect(commands.map(({ path }) => path.join(" "))).toEqual(
      expect.arrayContaining(["health", (JSON.parse(of("CMD")) as string[])[0]]),
    );
    expect(instructions.filter(([name]) => ["ARG", "ENV", "ADD"].includes(name))).toEqual([]);
    for (const option of ["--read-only", "--cap-drop all", "no-new-privileges"]) expect(text).toContain(option);
  });

  it("is started by a first process that takes ended ones off the list, which Node.js does not", () => {
    const started = JSON.parse(all("ENTRYPOINT").join("\n")) as string[];
    expect(started).toEqual(["tini", "--", "gatehouse"]);
    expect(all("COPY").join("\n")).toContain(` /usr/bin/${started.at(-1) ?? ""}`);
  });

  it.each([
    ["Containerfile", "gatehouse.service"],
    ["Containerfile.relay", "gatehouse-relay.service"],
  ])("%s is told to be built with its health check, and run with what its unit grants it", (file, unit) => {
    const told = read(`${folder}/${file}`);
    const setting = (name: string): string =>
      new RegExp(`^${name}=(.*)$`, "m").exec(read(`${folder}/${unit}`))?.[1] ?? "";
    expect(told.match(/^# +podman build .*$/gm)).toEqual([
      expect.stringMatching(/ --format docker -t \S+ -f (\S+) \.$/),
    ]);
    expect(told).toContain(` -f ${file} .`);
    expect(told).toContain(` --stop-timeout ${setting("TimeoutStopSec")} `);
    expect(told).toContain(" --ulimit core=0 ");
    if (setting("LimitNOFILE") !== "") expect(told).toContain(` --ulimit nofile=${setting("LimitNOFILE")} `);
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
