import { GatehouseError, toGatehouseError, toWireError } from "@gatehouse/shared";

import type { Command, CommandContext, Terminal } from "./command.ts";
import { gatehouse, helpOf, overview, type Program } from "./help.ts";
import { plainText } from "./plain-text.ts";
import { parseCommandLine, type Parsed } from "./parse.ts";

export interface RunOptions<Context = CommandContext> {
  readonly args: readonly string[];
  readonly commands: readonly Command<Context>[];
  /** By default the gateway's. */
  readonly program?: Program;
  readonly terminal: Terminal;
  /** Builds the context once it is known where the data are. */
  readonly context: (given: { readonly data: string | undefined; readonly json: boolean }) => Context;
}

/** Runs one command line. Answers the exit code: 0 done, 1 failed, 2 not understood; or as the command says itself. */
export const runCommandLine = async <Context>(options: RunOptions<Context>): Promise<number> => {
  const { args, commands, terminal, program = gatehouse } = options;
  // Known before parsing, so that a call that cannot be understood is answered in the form that was asked for.
  const json = args.includes("--json");
  let failed = 1;
  try {
    const parsed = parseCommandLine(args, commands, program);
    if (parsed.kind === "run" && parsed.command.exits !== undefined) failed = 2;
    return await perform(parsed, { ...options, program });
  } catch (cause) {
    const error = toGatehouseError(cause);
    if (json) terminal.print(JSON.stringify(toWireError(error)));
    else terminal.note(plainText(describe(error, program)));
    return error.details["usage"] === true ? 2 : failed;
  }
};

const perform = async <Context>(
  parsed: Parsed<Command<Context>>,
  { commands, program, terminal, context }: RunOptions<Context> & { readonly program: Program },
): Promise<number> => {
  if (parsed.kind === "overview") {
    terminal.print(overview(commands, program));
    return 0;
  }
  if (parsed.kind === "help") {
    terminal.print(helpOf(parsed.command, program));
    return 0;
  }
  const answer = await parsed.command.run(parsed.input, context({ data: parsed.data, json: parsed.json }));
  if (answer !== undefined) terminal.print(parsed.json ? JSON.stringify(answer.json) : plainText(answer.text));
  return answer?.bad === true ? 1 : 0;
};

/** What happened, why, what to do, and the code to look it up by. */
const describe = (error: GatehouseError, { name }: Program): string =>
  `${name}: ${error.message}\n${error.remedy} (${error.code})`;
