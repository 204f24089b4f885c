import { describe, expect, it } from "@jest/globals";

import { relayCommands } from "../../gateway-bridge/src/relay-cli/commands/index.ts";
import { checks } from "../../gateway-bridge/src/relay/doctor/doctor.ts";
import { read } from "../support/repository.ts";

const folder = "gateway-bridge/packaging";
const installs = read(`${folder}/install.sh`);
const unit = read(`${folder}/gatehouse-relay.service`);
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";

describe("the relay's unit", () => {
  it("runs as a user of its own, in a folder of its own that install.sh makes, and only where a relay was made", () => {
    const name = "gatehouse-relay";
    expect([setting("User"), setting("StateDirectory"), setting("StateDirectoryMode")]).toEqual([name, name, "0700"]);
    expect(setting("Environment")).toBe(`GATEHOUSE_RELAY_DATA=/var/lib/${name}`);
    expect(setting("ConditionPathExists")).toBe(`/var/lib/${name}/relay.json`);
    expect(installs).toContain("install -d -o $program -g $program -m 0700 /var/lib/$program");
  });

  it("gives it time to drain, files enough for its limits, and keeps its memory off the disk", () => {
    expect(Number(setting("TimeoutStopSec"))).toBeGreaterThan(10);
    expect(Number(setting("LimitNOFILE"))).toBeGreaterThanOrEqual(65_536);
    expect(setting("LimitCORE")).toBe("0");
  });
});

describe("the relay's container file", () => {
  const text = read(`${folder}/Containerfile.relay`);
  const instructions = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)] as const);
  const all = (name: string): readonly string[] => instructions.filter(([own]) => own === name).map(([, rest]) => rest);
  const last = instructions.slice(instructions.findLastIndex(([name]) => name === "FROM"));
  const of = (name: string): string => last.find(([own]) => own === name)?.[1] ?? "";

  it("is the gateway's, without what the relay has no use for", () => {
    const first = (file: string): string =>
      read(`${folder}/${file}`)
        .replace(/^#.*\n/gm, "")
        .split("\nFROM ")[0] ?? "";
    expect(first("Containerfile.relay")).toBe(
      first("Containerfile").replace("install.sh --key", "install.sh --relay --key"),
    );
    expect(all("RUN").at(-1)).not.toMatch(/apt-get|ffmpeg|bubblewrap/);
    expect(text).not.toMatch(/curl|wget|ADD |https?:/);
  });

  it("has what install.sh put there, and lies beside the manifest", () => {
    for (const each of all("COPY").slice(1)) {
      const [, from = "", to = ""] = /^--from=installed \/installed(\S+) (\S+)$/.exec(each) ?? [];
      expect([from, installs.replaceAll("$program", "gatehouse-relay").includes(`$root${from}`)]).toEqual([to, true]);
    }
    expect(/const beside = \[(.*)\]/.exec(read(`${folder}/make-release.ts`))?.[1]).toContain('"Containerfile.relay"');
  });

  it("runs as a user with no rights, and is asked by the doctor; with no secret in it", () => {
    const orders = last.map(([name]) => name);
    expect(of("USER")).toBe("gatehouse-relay");
    expect(orders.slice(orders.indexOf("USER"))).not.toContain("RUN");
    expect(of("VOLUME")).toBe("/var/lib/gatehouse-relay");
    expect(of("RUN")).toContain("install -d -o gatehouse-relay -g gatehouse-relay -m 0700 /var/lib/gatehouse-relay");
    const health = JSON.parse(/CMD (\[.*\])$/.exec(of("HEALTHCHECK"))?.[1] ?? "[]") as string[];
    expect(health.slice(0, -1)).toEqual(["gatehouse-relay", "doctor", "--running", "--check"]);
    expect(checks.map(({ name }) => name)).toContain(health.at(-1));
    expect(relayCommands.map(({ path }) => path.join(" "))).toEqual(expect.arrayContaining(["doctor", "up"]));
    expect([JSON.parse(of("ENTRYPOINT")), JSON.parse(of("CMD"))]).toEqual([["gatehouse-relay"], ["up"]]);
    expect(instructions.filter(([name]) => ["ARG", "ENV", "ADD"].includes(name))).toEqual([]);
    for (const option of ["--read-only", "--cap-drop all", "no-new-privileges"]) expect(text).toContain(option);
  });
});

describe("every command of the relay's", () => {
  it.each(relayCommands.map((command) => [command.path.join(" "), command] as const))(
    "%s has an example that names it",
    (name, command) => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(example.startsWith(`gatehouse-relay ${name}`)).toBe(true);
    },
  );
});
