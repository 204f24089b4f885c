import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

import {
  isGatehouseError,
  makeClientKey,
  readPrivateFile,
  silentLogger,
  supervise,
  toGatehouseError,
  writePrivateFile,
  type Cancellable,
  type Clock,
  type ErrorCode,
  type GatehouseError,
  type Identity,
  type Logger,
} from "@gatehouse/shared";

import { blankPairingString } from "./config-file.ts";

/** What buys an identity: the owner's string, and a key of ours that was kept before, so that a crash cannot lose what it buys. */
export interface Ticket {
  readonly pairingString: string;
  readonly privateKey: string;
}

/** How the plugin comes by its identity. */
export interface IdentityPort {
  load(path: string): Promise<Identity | undefined>;
  save(path: string, identity: Identity): Promise<void>;
  pair(ticket: Ticket, cancel: Cancellable): Promise<Identity>;
}

export interface IdentityOptions extends Cancellable {
  readonly port: IdentityPort;
  /** The plugin's folder in Homebridge's storage; exists. */
  readonly folder: string;
  readonly configPath: string;
  readonly pairingString?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

export const howToPair =
  "run `gatehouse pair --for homebridge` on the gateway, paste the string into pairingString of this platform in config.json, and restart Homebridge";

/**
 * The plugin's identity: the kept one, or a new one by the pairing string in the configuration, which is used once and blanked.
 * Undefined when there is neither; the log then says what to do.
 */
export const obtainIdentity = async (options: IdentityOptions): Promise<Identity | undefined> => {
  const { pairingString, folder, log } = options;
  const path = join(folder, "identity.json");
  const kept = await keptIdentity(options, path);
  if (pairingString === undefined) {
    if (kept === undefined) log.warn(`Not paired with a gateway yet: ${howToPair}`);
    return kept;
  }
  const used = new UsedString(join(folder, "used-pairing-string"));
  if (kept !== undefined && (await used.is(pairingString))) {
    await blank(options, pairingString);
    return kept;
  }
  const pending = new PendingKey(join(folder, "pairing-key.json"));
  const ticket: Ticket = { pairingString, privateKey: await pending.for(pairingString) };
  const outcome = await pairWithRetry(options, ticket, kept === undefined);
  if (outcome.kind === "failed") {
    log.error(`Pairing failed: ${outcome.error.message}. ${outcome.error.remedy}`, { code: outcome.error.code });
    // What can still work is kept for the next start; what cannot is a secret with no purpose.
    if (outcome.error.retry === "never") await blank(options, pairingString);
    if (kept !== undefined) log.warn("Going on with the gateway paired before");
    return kept;
  }
  // In this order a crash never loses the new key: the string stays until the key that it bought is on disk.
  await options.port.save(path, outcome.identity);
  await used.remember(pairingString);
  await pending.forget();
  await blank(options, pairingString);
  log.info("Paired with the gateway", { address: outcome.identity.address });
  return outcome.identity;
};

/** A damaged file is only in the way when there is nothing to replace it by. */
const keptIdentity = async ({ port, pairingString }: IdentityOptions, path: string): Promise<Identity | undefined> => {
  try {
    return await port.load(path);
  } catch (error) {
    if (pairingString !== undefined && isGatehouseError(error) && error.code === "identity-damaged") return undefined;
    throw error;
  }
};

type PairingOutcome =
  | { readonly kind: "paired"; readonly identity: Identity }
  | { readonly kind: "failed"; readonly error: GatehouseError };

/** Tries until it worked or cannot work; only once if there is an identity to go on with. */
const pairWithRetry = async (
  options: IdentityOptions,
  ticket: Ticket,
  persistent: boolean,
): Promise<PairingOutcome> => {
  const settled = new AbortController();
  let outcome: PairingOutcome | undefined;
  const attempt = async (cancel: Cancellable): Promise<void> => {
    try {
      outcome = { kind: "paired", identity: await options.port.pair(ticket, cancel) };
    } catch (cause) {
      const error = toGatehouseError(cause, "gateway-unreachable");
      outcome = { kind: "failed", error };
      if (persistent && error.retry === "later") throw error;
    }
    settled.abort();
  };
  const { clock, random } = options;
  const signal = AbortSignal.any([options.signal, settled.signal]);
  await supervise({ run: attempt, clock, random, signal, log: silentLogger, onFailure: tellOnce(options.log) });
  return outcome ?? { kind: "failed", error: toGatehouseError(options.signal.reason, "aborted") };
};

const tellOnce = (log: Logger): ((error: GatehouseError) => void) => {
  let told: ErrorCode | undefined;
  return (error) => {
    if (told === error.code) return;
    told = error.code;
    log.warn(`Pairing failed; trying again: ${error.message}. ${error.remedy}`, { code: error.code });
  };
};

const blank = async ({ configPath, log }: IdentityOptions, pairingString: string): Promise<void> => {
  const outcome = await blankPairingString(configPath, pairingString);
  if (outcome.kind === "blanked") log.info("The pairing string was used and is removed from config.json");
  if (outcome.kind === "failed") {
    log.warn("The pairing string was used but could not be removed from config.json; please empty it there", {
      why: outcome.why,
    });
  }
};

/**
 * Remembers, as a hash, the string that the identity was bought with: it comes back when config.json could not be written,
 * or when a web page that still had it open saves it again.
 */
class UsedString {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async is(pairingString: string): Promise<boolean> {
    const kept = await readPrivateFile(this.#path);
    return kept?.toString("utf8") === digest(pairingString);
  }

  async remember(pairingString: string): Promise<void> {
    await writePrivateFile(this.#path, digest(pairingString));
  }
}

/** The key of a pairing that is under way: after a crash the same string is tried with the same key, which the gateway knows again. */
class PendingKey {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async for(pairingString: string): Promise<string> {
    const string = digest(pairingString);
    const kept = Pending.safeParse(parseJson((await readPrivateFile(this.#path))?.toString("utf8")));
    if (kept.success && kept.data.string === string) return kept.data.privateKey;
    const privateKey = await makeClientKey();
    await writePrivateFile(this.#path, JSON.stringify({ string, privateKey }));
    return privateKey;
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

const Pending = z.strictObject({ string: z.string(), privateKey: z.string() });

const parseJson = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
};

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
