import type { CommandForm } from "./command.ts";
import { table } from "./table.ts";

/** A program of commands, as its help page tells of it. */
export interface Program {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly about: string;
  /** What lies in --data, and where that is by default. */
  readonly data: string;
  /** Lines of a first session. */
  readonly firstSteps: readonly string[];
}

export const gatehouse: Program = {
  name: "gatehouse",
  about: "Gatehouse puts one guarded door in front of your cameras.",
  data: "the gateway's data folder (default: ~/.gatehouse, or GATEHOUSE_DATA)",
  firstSteps: [
    "gatehouse up                                  # start the gateway; leave it running",
    "gatehouse camera discover                     # in another terminal: what is on your network?",
    "gatehouse camera add 192.168.1.20 --user admin",
    "gatehouse pair --for homebridge               # a pairing string for the Homebridge plugin",
  ],
};

const shared = ({ data }: Program): readonly (readonly [string, string])[] => [
  ["--data DIR", data],
  ["--json", "answer with one JSON value, for programs"],
  ["--help", "show this"],
];

const indented = (rows: readonly (readonly string[])[]): string =>
  table(["", ""], rows)
    .split("\n")
    .slice(1)
    .map((line) => `  ${line}`)
    .join("\n");

export const callOf = (command: CommandForm, { name }: Program): string => [name, ...command.path].join(" ");

export const overview = (commands: readonly CommandForm[], { name, about, firstSteps }: Program): string =>
  [
    about,
    "",
    `Usage: ${name} COMMAND [options]`,
    "",
    indented(commands.map((command) => [command.path.join(" "), command.summary])),
    "",
    "First steps:",
    ...firstSteps.map((line) => `  ${line}`),
    "",
    `\`${name} COMMAND --help\` shows options and examples.`,
  ].join("\n");

export const helpOf = (command: CommandForm, program: Program): string => {
  const own = Object.entries(command.options).map(
    ([name, { help, value }]) => [value === undefined ? `--${name}` : `--${name} ${value}`, help] as const,
  );
  return [
    `${callOf(command, program)}: ${command.summary}`,
    "",
    `Usage: ${[callOf(command, program), ...command.operands, "[options]"].join(" ")}`,
    "",
    indented([...own, ...shared(program)]),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    ...(command.exits === undefined
      ? []
      : ["", "Ends with:", ...command.exits.map((said, code) => `  ${code}  ${said}`)]),
  ].join("\n");
};
