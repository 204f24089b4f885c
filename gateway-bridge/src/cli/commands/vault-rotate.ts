import { totalmem } from "node:os";

import { costOfGuess } from "../../vault/passphrase-cost-policy.ts";
import { rotateRootKey } from "../../vault/rotation.ts";
import type { Command } from "../command.ts";
import { passphraseSource, stdinPassphraseOption, vaultPassphrase } from "../passphrase.ts";
import { withStoppedVault } from "../stopped-vault.ts";

export const vaultRotateCommand: Command = {
  path: ["vault", "rotate"],
  summary: "draw a new key for the vault, after somebody may have seen the old (the gateway must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase, where one protects it,"),
  examples: ["gatehouse vault rotate"],
  run: async (input, context) => {
    const { data, clock, signal } = context;
    const passphrase = vaultPassphrase(passphraseSource(input, context), context);
    const secrets = await withStoppedVault(data, (place) =>
      rotateRootKey({ ...place, passphrase, cost: costOfGuess(totalmem()), now: clock.now() }, { signal }),
    );
    return {
      json: { secrets },
      text: [
        `${secrets} secrets are sealed with a new key. The old key opens nothing that is here.`,
        "It still opens copies of the database that were made before.",
      ].join("\n"),
    };
  },
};
