import { Action, GatehouseError, Secret, type Clock, type Grant } from "@gatehouse/shared";

import { hasTwoFactors } from "../../domain/login-policy.ts";
import type { AuditSink } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { RefusalTally } from "../refusal-tally.ts";
import type { MadeCode, OneTimeCodes } from "./one-time-codes.ts";
import type { Account, People } from "./people.ts";

export interface FirstRunOptions {
  readonly database: Database;
  readonly people: People;
  readonly codes: OneTimeCodes;
  readonly principals: { revoke(id: Account["principal"]): void };
  readonly audit: AuditSink;
  readonly clock: Clock;
}

export interface FirstRunAttempt {
  readonly code: Secret;
  readonly name: string;
  readonly loginName: string;
  /** The address that it comes from. */
  readonly peer?: string;
}

/** How the gateway gets its owner: whoever can run commands on its box is shown a code, and who types it becomes the first person. */
export class FirstRun implements Disposable {
  readonly #options: FirstRunOptions;
  readonly #refusals: RefusalTally;

  constructor(options: FirstRunOptions) {
    this.#options = options;
    this.#refusals = new RefusalTally({ ...options, action: "firstRun" });
  }

  /** Whether somebody can govern the gateway already. Before, nobody can sign in to anything. */
  get done(): boolean {
    return this.#options.people.hasOwner;
  }

  /** @throws GatehouseError `first-run-done` */
  makeCode(): MadeCode {
    this.#insist();
    return this.#options.codes.make("first-run", null);
  }

  /**
   * Makes the first person, who may do everything once it has set up two factors. One of the same login name that never did makes way.
   * @throws GatehouseError `sign-in-refused`, `first-run-done`, `name-taken`
   */
  redeem({ code, name, loginName, peer }: FirstRunAttempt): Account {
    const { database, codes, people, principals, audit } = this.#options;
    this.#insist();
    const made = database.transaction(() => {
      if (codes.use("first-run", code) === undefined) return undefined;
      const unfinished = people.find(loginName);
      if (unfinished !== undefined && !hasTwoFactors(people.factorsOf(unfinished))) {
        principals.revoke(unfinished.principal);
      }
      const grants = Action.options.map((action): Grant => ({ action, camera: "*" }));
      const account = people.add({ name, loginName, grants });
      const { principal } = account;
      audit.append({ principal, action: "firstRun", target: principal, outcome: "done", detail: "by a code" });
      return account;
    });
    if (made !== undefined) return made;
    this.#refusals.add("wrong code", { peer });
    throw new GatehouseError("sign-in-refused", "this code is wrong, was used, or is too old", {
      remedy: "Make another one on the gateway's box with `gatehouse first-run`; each works once, for ten minutes.",
    });
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#refusals[Symbol.dispose]();
  }

  #insist(): void {
    if (this.done) throw new GatehouseError("first-run-done", "the gateway has its owner already");
  }
}
