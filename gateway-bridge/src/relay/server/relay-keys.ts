import { GatehouseError, spkiPin, type Clock, type RelayName } from "@gatehouse/shared";

import type { SecretStore, ServerCertificate } from "../../ports.ts";
import { spkiOf } from "../../protocols/x509/certificate.ts";
import { keptKey, type KeyPair } from "../../store/kept-key.ts";
import type { Database, Migrations } from "../../store/database.ts";
import { tunnelCertificate } from "../protocol/tunnel-certificate.ts";

const migrations: Migrations = {
  name: "relay-keys",
  steps: [
    `CREATE TABLE relay_key (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       generation INTEGER NOT NULL,
       announced INTEGER
     ) STRICT;
     INSERT INTO relay_key VALUES (1, 1, NULL)`,
  ],
};

/** How long the next key is made known before it takes the place of the one before. */
export const announcedForMs = 7 * 86_400_000;

/** What the relay shows to whoever connects. */
export interface ShownKey extends ServerCertificate {
  readonly pin: string;
}

export interface RelayKeysOptions {
  readonly name: RelayName;
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly clock: Clock;
}

/** The keys by which a relay is known: one, or two while it changes from one to the other. */
export class RelayKeys {
  readonly #options: RelayKeysOptions;
  readonly #listeners = new Set<() => void>();
  #shown: ShownKey;

  private constructor(options: RelayKeysOptions) {
    this.#options = options;
    this.#shown = this.#show(this.#state().generation);
  }

  /** Makes the key the first time. */
  static open(options: RelayKeysOptions): RelayKeys {
    options.database.migrate(migrations);
    return new RelayKeys(options);
  }

  /** What the relay shows now. */
  get shown(): ShownKey {
    return this.#shown;
  }

  /** What gateways are told: the pin of the key that is shown, and of the one that comes after it. */
  get pins(): readonly string[] {
    const { generation, announced } = this.#state();
    return announced === undefined ? [this.#shown.pin] : [this.#shown.pin, pinOf(this.#kept(generation + 1))];
  }

  /**
   * The first time, makes the next key and makes it known; the second time, a week later or more, shows it. Whoever calls writes it into the audit
   * log, in the same transaction.
   * @throws GatehouseError `key-too-new`
   */
  rotate(): "announced" | "changed" {
    const { database, secrets, clock } = this.#options;
    const { generation, announced } = this.#state();
    const now = clock.now();
    if (announced !== undefined && now < announced + announcedForMs) {
      throw new GatehouseError("key-too-new", "the next key was not known for seven days yet");
    }
    const changes = announced !== undefined;
    database.transaction(() => {
      if (changes) secrets.delete(keyName(generation));
      else this.#kept(generation + 1);
      database.sql
        .prepare("UPDATE relay_key SET generation = ?, announced = ?")
        .run(changes ? generation + 1 : generation, changes ? null : now);
    });
    if (changes) this.#shown = this.#show(generation + 1);
    for (const listener of this.#listeners) listener();
    return changes ? "changed" : "announced";
  }

  /** Tells when `shown` or `pins` are others. */
  onChanged(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #show(generation: number): ShownKey {
    const keys = this.#kept(generation);
    return { pin: pinOf(keys), ...tunnelCertificate(this.#options.name, keys, "server") };
  }

  #kept(generation: number): KeyPair {
    return keptKey(this.#options.secrets, keyName(generation), "Ed25519");
  }

  #state(): { readonly generation: number; readonly announced: number | undefined } {
    const row = this.#options.database.sql.prepare("SELECT generation, announced FROM relay_key").get();
    const announced = row?.["announced"] ?? undefined;
    return {
      generation: Number(row?.["generation"]),
      announced: announced === undefined ? undefined : Number(announced),
    };
  }
}

const keyName = (generation: number): string => `relay/tunnel-key-${generation}`;
const pinOf = ({ publicKey }: KeyPair): string => spkiPin(spkiOf(publicKey));
