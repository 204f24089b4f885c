import { GatehouseError, Secret, systemCode } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { AskPassphrase } from "../vault/root-key.ts";
import type { Command, CommandContext, CommandInput } from "./command.ts";

/** Twelve letters drawn at random, guessed at what argon2id makes a guess cost, outlast their owner. */
const shortest = 12;
const longest = 1_024;

const optionName = "passphrase-stdin";

/** @param what it is, as in `the backup's passphrase` */
export const stdinPassphraseOption = (what: string): Command["options"] => ({
  [optionName]: { type: "boolean", help: `read ${what} from standard input` },
});

/** Where passphrases come from; never the command line, which every user of the box can read. */
export interface PassphraseSource {
  /** A person types them, and may mistype. */
  readonly typed: boolean;
  /** The next one; undefined where there is nobody to ask. */
  readonly next: (question: string) => Promise<string | undefined>;
}

/** The lines of standard input, in the order of the questions; or, without the option, a person at the terminal. */
export const passphraseSource = (
  { options }: CommandInput,
  { terminal }: Pick<CommandContext, "terminal">,
): PassphraseSource => {
  if (options[optionName] !== true) {
    return { typed: true, next: (question) => terminal.ask(`${question}: `, { hidden: true }) };
  }
  let lines: readonly string[] | undefined;
  return {
    typed: false,
    next: async () => {
      const [line, ...others] = (lines ??= (await terminal.readInput()).split(/\r?\n/));
      lines = others;
      return line;
    },
  };
};

const orFail = (text: string | undefined): string => {
  if (text !== undefined) return text;
  throw new GatehouseError("request-invalid", "There is no passphrase, and no terminal to ask for it.", {
    remedy: `Give it on standard input, with --${optionName}.`,
  });
};

/** A passphrase that locks something from now on; a person types it twice. @throws GatehouseError `request-invalid` */
export const newPassphrase = async ({ typed, next }: PassphraseSource, what: string): Promise<Secret> => {
  const text = orFail(await next(`New passphrase for ${what}`));
  if (text.length < shortest || text.length > longest) {
    throw new GatehouseError(
      "request-invalid",
      `A passphrase has at least ${shortest} characters, and at most ${longest}.`,
      { remedy: "Take five or more words that were drawn at random, and keep them where you will find them." },
    );
  }
  if (typed && (await next("The same again")) !== text) {
    throw new GatehouseError("request-invalid", "The two passphrases differ.", { remedy: "Nothing was changed." });
  }
  return Secret.of(text);
};

/** A passphrase that was set before. */
export const knownPassphrase = async ({ next }: PassphraseSource, what: string): Promise<Secret> =>
  Secret.of(orFail(await next(`Passphrase of ${what}`)));

/** The vault's: systemd's credential `vault-passphrase`, unless it comes on standard input; else it is asked for. */
export const vaultPassphrase =
  (source: PassphraseSource, { credentialsFolder }: Pick<CommandContext, "credentialsFolder">): AskPassphrase =>
  async () => {
    const credential =
      credentialsFolder === undefined || !source.typed ? undefined : await readCredential(credentialsFolder);
    const text = credential ?? (await source.next("Passphrase of the vault"));
    return text === undefined ? undefined : Secret.of(text);
  };

const readCredential = async (folder: string): Promise<string | undefined> => {
  try {
    return (await readFile(join(folder, "vault-passphrase"), "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
};
