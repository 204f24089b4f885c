import { GatehouseError } from "@gatehouse/shared";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

import {
  knownPassphrase,
  newPassphrase,
  passphraseSource,
  stdinPassphraseOption,
  vaultPassphrase,
} from "../../cli/passphrase.ts";
import { relayFiles } from "../../relay-store.ts";
import { Database } from "../../store/database.ts";
import { InstanceLock } from "../../store/instance-lock.ts";
import { costOfGuess } from "../../vault/passphrase-cost-policy.ts";
import { protectRootKey } from "../../vault/protection.ts";
import { isProtected } from "../../vault/root-key.ts";
import { rotateRootKey, type RootKeyPlace } from "../../vault/rotation.ts";
import type { RelayCommand } from "../relay-command.ts";

/** Works on the vault of a relay that is stopped, and kept from being started meanwhile. */
const withStoppedVault = async <T>(
  data: string,
  work: (place: Omit<RootKeyPlace, "passphrase">) => Promise<T>,
): Promise<T> => {
  const [keyFile, file] = [join(data, relayFiles.vaultKey), join(data, relayFiles.database)];
  if (!existsSync(file) || !existsSync(keyFile)) {
    throw new GatehouseError("relay-missing", `There is no relay's vault in ${data}.`);
  }
  using _lock = InstanceLock.open(join(data, relayFiles.lock), "relay");
  using database = Database.open(file);
  return await work({ database, keyFile });
};

export const vaultProtectCommand: RelayCommand = {
  path: ["vault", "protect"],
  summary: "lock the vault's key with a passphrase, which every start then needs (the relay must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the passphrase (to change one: the old, then the new, one a line)"),
  examples: ["gatehouse-relay vault protect"],
  run: async (input, context) => {
    const source = passphraseSource(input, context);
    await withStoppedVault(context.data, async (place) => {
      const old = (await isProtected(place.keyFile)) ? await knownPassphrase(source, "the vault until now") : undefined;
      const passphrase = await newPassphrase(source, "the vault");
      const protection = { passphrase, cost: costOfGuess(totalmem()) };
      await protectRootKey({ ...place, passphrase: async () => old, now: context.clock.now() }, protection);
    });
    const text =
      "The relay starts only with its passphrase, and nobody can replace it: `gatehouse-relay up` asks for it, or takes it with" +
      " --passphrase-stdin; under systemd, it is the credential `vault-passphrase`.";
    return { json: { protected: true }, text };
  },
};

export const vaultUnprotectCommand: RelayCommand = {
  path: ["vault", "unprotect"],
  summary: "take the passphrase off the vault's key (the relay must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase"),
  examples: ["gatehouse-relay vault unprotect"],
  run: async (input, context) => {
    const passphrase = vaultPassphrase(passphraseSource(input, context), context);
    const { data, clock } = context;
    await withStoppedVault(data, (place) => protectRootKey({ ...place, passphrase, now: clock.now() }, undefined));
    const text = "The relay starts without a passphrase again. Whoever can read its data folder can read the vault.";
    return { json: { protected: false }, text };
  },
};

export const vaultRotateCommand: RelayCommand = {
  path: ["vault", "rotate"],
  summary: "draw a new key for the vault, after somebody may have seen the old (the relay must be stopped)",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase, where one protects it,"),
  examples: ["gatehouse-relay vault rotate"],
  run: async (input, context) => {
    const { data, clock, signal } = context;
    const passphrase = vaultPassphrase(passphraseSource(input, context), context);
    const secrets = await withStoppedVault(data, (place) =>
      rotateRootKey({ ...place, passphrase, cost: costOfGuess(totalmem()), now: clock.now() }, { signal }),
    );
    const text = `${secrets} secrets are sealed with a new key. The old one still opens copies of the database that were made before.`;
    return { json: { secrets }, text };
  },
};
