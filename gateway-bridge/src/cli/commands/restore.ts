import { join, resolve } from "node:path";

import { restore, type Restored } from "../../backup/restore.ts";
import { version } from "../../version.ts";
import type { Command } from "../command.ts";
import { knownPassphrase, passphraseSource, stdinPassphraseOption } from "../passphrase.ts";

const describe = ({ contents, kept }: Restored, data: string): string =>
  [
    `The gateway of ${new Date(contents.made).toLocaleString()} is in ${data}.`,
    ...(kept === undefined ? [] : [`What was there before is in ${join(data, kept)}; remove it when all is well.`]),
    "Whoever was let in then is let in again, by what they signed in with then: look through `gatehouse client list` and",
    "`gatehouse person list` once it is up. Nobody is signed in, and recovery codes of before are of no use: make new ones.",
    "Start it with `gatehouse up`.",
  ].join("\n");

export const restoreCommand: Command = {
  path: ["restore"],
  summary: "bring a gateway back from a backup, onto this machine or another",
  operands: ["FILE"],
  options: {
    ...stdinPassphraseOption("the backup's passphrase"),
    replace: { type: "boolean", help: "take the place of the gateway that is there (it is kept beside)" },
  },
  examples: ["gatehouse restore home.gatehouse", "gatehouse restore home.gatehouse --data /srv/gatehouse --replace"],
  run: async (input, context) => {
    const { data, clock, signal } = context;
    const restored = await restore(
      {
        data,
        file: resolve(input.positionals[0] ?? ""),
        passphrase: () => knownPassphrase(passphraseSource(input, context), "the backup"),
        replace: input.options["replace"] === true,
        version,
        now: clock.now(),
      },
      { signal },
    );
    const { contents, kept } = restored;
    return {
      json: { data, made: contents.made, version: contents.version, kept: kept ?? null },
      text: describe(restored, data),
    };
  },
};
