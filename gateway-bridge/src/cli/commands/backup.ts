import { totalmem } from "node:os";
import { resolve } from "node:path";

import { backUp } from "../../backup/back-up.ts";
import { costOfGuess } from "../../vault/passphrase-cost-policy.ts";
import { version } from "../../version.ts";
import type { Command } from "../command.ts";
import { newPassphrase, passphraseSource, stdinPassphraseOption } from "../passphrase.ts";

export const backupCommand: Command = {
  path: ["backup"],
  summary: "put everything into one encrypted file (the gateway may run)",
  operands: ["FILE"],
  options: stdinPassphraseOption("the passphrase that opens the backup"),
  examples: ["gatehouse backup home.gatehouse", "gatehouse backup home.gatehouse --passphrase-stdin < passphrase.txt"],
  run: async (input, context) => {
    const { data, clock, signal } = context;
    const file = resolve(input.positionals[0] ?? "");
    const passphrase = await newPassphrase(passphraseSource(input, context), "this backup");
    const protection = { passphrase, cost: costOfGuess(totalmem()) };
    const contents = await backUp({ data, file, protection, version, now: clock.now() }, { signal });
    return {
      json: { file, made: contents.made, files: contents.files.map(({ name }) => name) },
      text: [
        `The backup is ${file}.`,
        "It holds your cameras' passwords, who is let in, and the gateway's own keys. Only its passphrase opens it: nobody can",
        "replace that. Keep the file off this box, and the passphrase somewhere else.",
      ].join("\n"),
    };
  },
};
