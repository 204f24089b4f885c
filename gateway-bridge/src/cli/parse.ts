import { GatehouseError, isError } from "@gatehouse/shared";
import { parseArgs } from "node:util";

import type { CommandForm, CommandInput } from "./command.ts";
import { callOf, gatehouse, type Program } from "./help.ts";
import { joinValues } from "./join-values.ts";

export type Parsed<C extends CommandForm> =
  | { readonly kind: "overview" }
  | { readonly kind: "help"; readonly command: C }
  | {
      readonly kind: "run";
      readonly command: C;
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
const find = <C extends CommandForm>(args: readonly string[], commands: readonly C[]): C | undefined =>
  commands
    .filter(({ path }) => path.every((word, index) => args[index] === word))
    .sort((a, b) => b.path.length - a.path.length)[0];

/** @throws GatehouseError `request-invalid` with `details.usage` for a call that cannot be understood */
export const parseCommandLine = <C extends CommandForm>(
  args: readonly string[],
  commands: readonly C[],
  program: Program = gatehouse,
): Parsed<C> => {
  const command = find(args, commands);
  if (command === undefined) {
    if (args.every((word) => word.startsWith("-"))) return { kind: "overview" };
    throw unknownCommand(args, commands, program);
  }
  const call = callOf(command, program);
  const options = { ...command.options, ...everywhere };
  try {
    const words = joinValues(args.slice(command.path.length), options);
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
    if (values.help === true) return { kind: "help", command };
    const { json, data, ...own } = values;
    requireOperands(command, positionals, call);
    return { kind: "run", command, input: { positionals, options: own }, json: json === true, data };
  } catch (error) {
    if (isError(error) && error.name === "TypeError") throw usageError(error.message, call);
    throw error;
  }
};

const unknownCommand = (
  args: readonly string[],
  commands: readonly CommandForm[],
  { name }: Program,
): GatehouseError => {
  const words = args.filter((word) => !word.startsWith("-"));
  const group = commands.filter(({ path }) => path[0] === words[0]);
  if (group.length > 0) {
    const known = group.map(({ path }) => path.slice(1).join(" ")).join(", ");
    return usageError(`\`${name} ${words[0] ?? ""}\` needs one of: ${known}.`, name);
  }
  // Words after an option may be its value.
  const option = args.findIndex((word) => word.startsWith("-"));
  const named = option > 0 ? args.slice(0, option) : words;
  return usageError(`There is no command \`${named.join(" ")}\`.`, name);
};

const requireOperands = ({ operands }: CommandForm, given: readonly string[], call: string): void => {
  const missing = operands[given.length];
  if (missing !== undefined) throw usageError(`${call} needs ${missing}.`, call);
  const surplus = given[operands.length];
  if (surplus !== undefined) throw usageError(`\`${surplus}\` is one word too many for ${call}.`, call);
};
