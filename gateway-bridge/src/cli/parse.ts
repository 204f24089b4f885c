import { GatehouseError, isError } from "@gatehouse/shared";
import { parseArgs } from "node:util";

import type { Command, CommandInput } from "./command.ts";
import { callOf } from "./help.ts";

export type Parsed =
  | { readonly kind: "overview" }
  | { readonly kind: "help"; readonly command: Command }
  | {
      readonly kind: "run";
      readonly command: Command;
      readonly input: CommandInput;
      readonly json: boolean;
      readonly data: string | undefined;
    };

const everywhere = {
  data: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const usageError = (message: string, hint: string): GatehouseError =>
  new GatehouseError("request-invalid", message, { remedy: `See \`${hint} --help\`.`, details: { usage: true } });

/** The command that the first words name, the longest match first. */
const find = (args: readonly string[], commands: readonly Command[]): Command | undefined =>
  commands
    .filter(({ path }) => path.every((word, index) => args[index] === word))
    .sort((a, b) => b.path.length - a.path.length)[0];

/** @throws GatehouseError `request-invalid` with `details.usage` for a call that cannot be understood */
export const parseCommandLine = (args: readonly string[], commands: readonly Command[]): Parsed => {
  const command = find(args, commands);
  if (command === undefined) {
    const words = args.filter((word) => !word.startsWith("-"));
    if (words.length === 0) return { kind: "overview" };
    const group = commands.filter(({ path }) => path[0] === words[0]);
    if (group.length > 0) {
      throw usageError(
        `\`gatehouse ${words[0] ?? ""}\` needs one of: ${group.map(({ path }) => path[1]).join(", ")}.`,
        "gatehouse",
      );
    }
    // Words after an option may be its value.
    const option = args.findIndex((word) => word.startsWith("-"));
    const named = option > 0 ? args.slice(0, option) : words;
    throw usageError(`There is no command \`${named.join(" ")}\`.`, "gatehouse");
  }
  try {
    const { values, positionals } = parseArgs({
      args: args.slice(command.path.length),
      options: { ...command.options, ...everywhere },
      allowPositionals: true,
    });
    if (values.help === true) return { kind: "help", command };
    const { json, data, ...options } = values;
    requireOperands(command, positionals);
    return { kind: "run", command, input: { positionals, options }, json: json === true, data };
  } catch (error) {
    if (isError(error) && error.name === "TypeError") throw usageError(error.message, callOf(command));
    throw error;
  }
};

const requireOperands = (command: Command, given: readonly string[]): void => {
  const missing = command.operands[given.length];
  if (missing !== undefined) throw usageError(`${callOf(command)} needs ${missing}.`, callOf(command));
  const surplus = given[command.operands.length];
  if (surplus !== undefined)
    throw usageError(`\`${surplus}\` is one word too many for ${callOf(command)}.`, callOf(command));
};
