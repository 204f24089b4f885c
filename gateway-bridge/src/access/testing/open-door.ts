import type { Cancellable } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { GuessCount } from "../../domain/guess-count.ts";
import type { AuditEntry, AuditSink, SecretStore } from "../../ports.ts";
import { Database } from "../../store/database.ts";
import { GatewayIdentity } from "../gateway-identity.ts";
import { Pairing } from "../pairing.ts";
import { Principals } from "../principals.ts";

/** Secrets that are none, for tests. */
export class MemorySecrets implements SecretStore {
  readonly held = new Map<string, Buffer>();
  put(name: string, content: Uint8Array): void {
    this.held.set(name, Buffer.from(content));
  }
  get(name: string): Buffer | undefined {
    const held = this.held.get(name);
    return held && Buffer.from(held);
  }
  delete(name: string): void {
    this.held.delete(name);
  }
}

/** Keeps its rows, or refuses them while `broken`. */
export class MemoryAudit implements AuditSink {
  readonly rows: AuditEntry[] = [];
  broken = false;
  get failing(): boolean {
    return this.broken;
  }
  append(entry: AuditEntry): void {
    if (this.broken) throw new Error("disk full");
    this.rows.push(entry);
  }
}

export const never: Cancellable = { signal: new AbortController().signal };

export interface Door {
  readonly database: Database;
  readonly clock: TestClock;
  readonly log: MemoryLogger;
  readonly audit: MemoryAudit;
  readonly secrets: MemorySecrets;
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  readonly guessed: GuessCount;
  /** Another one on the same database is what a restart makes. */
  readonly openPairing: () => Pairing;
}

/** The parts that let clients in, on a database in memory and a still clock. */
export const openDoor = async (): Promise<Door> => {
  const database = Database.openInMemory();
  const clock = new TestClock();
  const log = new MemoryLogger();
  const audit = new MemoryAudit();
  const secrets = new MemorySecrets();
  const principals = Principals.open({ database, clock, audit, log });
  const identity = await GatewayIdentity.open({ secrets }, never);
  const guessed = new GuessCount();
  const openPairing = (): Pairing =>
    Pairing.open({
      ...{ database, clock, audit, principals, identity, guessed },
      name: "Gatehouse",
      address: () => "127.0.0.1:8443",
    });
  return { database, clock, log, audit, secrets, principals, identity, guessed, openPairing };
};
