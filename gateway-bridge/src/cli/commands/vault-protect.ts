import { totalmem } from "node:os";

import { costOfGuess } from "../../vault/passphrase-cost-policy.ts";
import { protectRootKey } from "../../vault/protection.ts";
import { isProtected } from "../../vault/root-key.ts";
import type { Command } from "../command.ts";
import {
  knownPassphrase,
  newPassphrase,
  passphraseSource,
  stdinPassphraseOption,
  vaultPassphrase,
} from "../passphrase.ts";
import { withStoppedVault } from "../stopped-vault.ts";

export const vaultProtectCommand: Command = {
  path: ["vault", "protect"],
  summary: "lock the vault's key with a passphrase, which every start then needs (the gateway must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the passphrase (to change one: the old, then the new, one a line)"),
  examples: ["gatehouse vault protect"],
  run: async (input, context) => {
    const source = passphraseSource(input, context);
    await withStoppedVault(context.data, async (place) => {
      const old = (await isProtected(place.keyFile)) ? await knownPassphrase(source, "the vault until now") : undefined;
      const passphrase = await newPassphrase(source, "the vault");
      const protection = { passphrase, cost: costOfGuess(totalmem()) };
      await protectRootKey({ ...place, passphrase: async () => old, now: context.clock.now() }, protection);
    });
    return {
      json: { protected: true },
      text: [
        "The vault is locked: the gateway starts only with its passphrase, and nobody can replace it.",
        "Start it with `gatehouse up`, which asks for it, or `gatehouse up --passphrase-stdin`; under systemd, with the credential",
        "`vault-passphrase`.",
      ].join("\n"),
    };
  },
};

export const vaultUnprotectCommand: Command = {
  path: ["vault", "unprotect"],
  summary: "take the passphrase off the vault's key (the gateway must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase"),
  examples: ["gatehouse vault unprotect"],
  run: async (input, context) => {
    const passphrase = vaultPassphrase(passphraseSource(input, context), context);
    await withStoppedVault(context.data, (place) =>
      protectRootKey({ ...place, passphrase, now: context.clock.now() }, undefined),
    );
    return {
      json: { protected: false },
      text: "The gateway starts without a passphrase again. Whoever can read its data folder can read the vault.",
    };
  },
};
