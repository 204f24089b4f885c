import type { Cancellable, Clock, GatewayClient, Logger } from "@gatehouse/shared";
import type { ParseArgsOptionsConfig } from "node:util";

/** What a command may use of the process; `main.ts` supplies it. */
export interface Terminal {
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Writes to standard error: progress and questions. */
  readonly note: (text: string) => void;
  /** Asks on the terminal; undefined where there is nobody to ask. */
  readonly ask: (question: string, options: { readonly hidden: boolean }) => Promise<string | undefined>;
  /** All of standard input, without its last line end. */
  readonly readInput: () => Promise<string>;
}

export interface CommandContext extends Cancellable {
  readonly terminal: Terminal;
  /** The gateway's data folder. */
  readonly data: string;
  /** Where programs are looked for, as in PATH. */
  readonly searchPath: string;
  /** Where systemd puts the credentials that its unit names. */
  readonly credentialsFolder?: string | undefined;
  /** The folder of the release that runs, where it was installed from one. */
  readonly release?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Connects as the command line's own principal, made at the first `up`. */
  readonly client: () => Promise<GatewayClient>;
  /** The command was called with --json. */
  readonly json: boolean;
}

export interface CommandInput {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** What a command answers: `json` for programs (--json), `text` for people. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** It was answered, and the answer is a bad one: the program ends with 1. */
  readonly bad?: boolean;
}

/** A command as its help page and its words tell of it. */
export interface CommandForm {
  /** `["camera", "add"]` is called as `gatehouse camera add`. */
  readonly path: readonly string[];
  readonly summary: string;
  /** Positional arguments as shown in help: `ADDRESS`. */
  readonly operands: readonly string[];
  readonly options: Readonly<
    Record<string, ParseArgsOptionsConfig[string] & { readonly help: string; readonly value?: string }>
  >;
  readonly examples: readonly string[];
  /** What its exit codes 0, 1 and 2 say, where programs go by them. Without: 0 done, 1 failed, 2 not understood. */
  readonly exits?: readonly [done: string, bad: string, failed: string];
}

export interface Command<Context = CommandContext> extends CommandForm {
  /** What to print at the end; nothing where the command printed along the way. */
  readonly run: (input: CommandInput, context: Context) => Promise<Answer | undefined>;
}

/** The option's text, if it was given one. */
export const textOption = ({ options }: CommandInput, name: string): string | undefined => {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
};

/** Every value of an option that may be repeated. */
export const listOption = ({ options }: CommandInput, name: string): readonly string[] => {
  const value = options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
};
