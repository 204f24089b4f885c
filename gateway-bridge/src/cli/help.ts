import type { Command } from "./command.ts";
import { table } from "./table.ts";

const shared: readonly (readonly [string, string])[] = [
  ["--data DIR", "the gateway's data folder (default: ~/.gatehouse, or GATEHOUSE_DATA)"],
  ["--json", "answer with one JSON value, for programs"],
  ["--help", "show this"],
];

const indented = (rows: readonly (readonly string[])[]): string =>
  table(["", ""], rows)
    .split("\n")
    .slice(1)
    .map((line) => `  ${line}`)
    .join("\n");

export const callOf = (command: Command): string => ["gatehouse", ...command.path].join(" ");

export const overview = (commands: readonly Command[]): string =>
  [
    "Gatehouse puts one guarded door in front of your cameras.",
    "",
    "Usage: gatehouse COMMAND [options]",
    "",
    indented(commands.map((command) => [command.path.join(" "), command.summary])),
    "",
    "First steps:",
    "  gatehouse up                                  # start the gateway; leave it running",
    "  gatehouse camera discover                     # in another terminal: what is on your network?",
    "  gatehouse camera add 192.168.1.20 --user admin",
    "  gatehouse pair --for homebridge               # a pairing string for the Homebridge plugin",
    "",
    "`gatehouse COMMAND --help` shows options and examples.",
  ].join("\n");

export const helpOf = (command: Command): string => {
  const own = Object.entries(command.options).map(
    ([name, { help, value }]) => [value === undefined ? `--${name}` : `--${name} ${value}`, help] as const,
  );
  return [
    `${callOf(command)}: ${command.summary}`,
    "",
    `Usage: ${[callOf(command), ...command.operands, "[options]"].join(" ")}`,
    "",
    indented([...own, ...shared]),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
};
