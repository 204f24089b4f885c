import { GatewayId, Secret, type Grant, type PrincipalId } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";

import { GuessCount } from "../../../domain/guess-count.ts";
import type { LiveLogin } from "../../../domain/login-policy.ts";
import type { PasskeySite } from "../../../domain/passkey-site-policy.ts";
import { Database } from "../../../store/database.ts";
import { Principals } from "../../principals.ts";
import { MemoryNotices } from "../../testing/memory-notices.ts";
import { MemoryAudit, MemorySecrets, never } from "../../testing/open-door.ts";

export { never };
import type { AttemptOrigin } from "../credentials.ts";
import type { Argon2id } from "../password-hash.ts";
import { openPeopleDoor, type PeopleDoor } from "../people-door.ts";
import { codeAt } from "./authenticator.ts";
import type { SoftAuthenticator } from "./soft-authenticator.ts";

export const password = "correct horse battery staple";
const everything: readonly Grant[] = [{ action: "admin", camera: "*" }];
/** Where attempts come from that no cookie goes with. */
export const stranger: AttemptOrigin = { cookieHeader: undefined, peer: "192.0.2.7", place: "home" };
/** Where passkeys are made and shown. */
export const site: PasskeySite = { host: "villa.home.arpa", origin: "https://villa.home.arpa:8443" };

/** Everything by which people come in, over a database in memory, with a hash that costs nothing and is counted. */
export class PeopleWorld implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly database = Database.openInMemory();
  readonly audit = new MemoryAudit();
  readonly notices = new MemoryNotices();
  /** Asked before a code of an authenticator is looked at; throws where the clock is wrong. */
  insist: () => void = () => undefined;
  readonly secrets = new MemorySecrets();
  readonly principals: Principals;
  readonly guessed = new GuessCount();
  /** The parameters of each hash. */
  readonly hashed: { readonly memory: number; readonly passes: number; readonly parallelism: number }[] = [];
  /** A file of passwords that have leaked, from the next start on. */
  breachedPasswords: string | undefined;
  /** Each hash waits for it. */
  held: Promise<unknown> = Promise.resolve();
  #door: PeopleDoor | undefined;
  #resources = new AsyncDisposableStack();

  private constructor() {
    const { database, clock, audit } = this;
    this.principals = Principals.open({ database, clock, audit, log: new MemoryLogger() });
  }

  static async open(): Promise<PeopleWorld> {
    const world = new PeopleWorld();
    await world.restart();
    return world;
  }

  async restart(): Promise<void> {
    await this.#resources.disposeAsync();
    this.#resources = new AsyncDisposableStack();
    const { database, clock, audit, secrets, principals, guessed } = this;
    const gateway = { id: GatewayId.parse("gw-aaaaaaaaaaaaaaaa"), name: "Villa Sole" };
    const log = new MemoryLogger();
    const argon2id: Argon2id = async ({ message, nonce, memory, passes, parallelism, tagLength }) => {
      this.hashed.push({ memory, passes, parallelism });
      await this.held;
      const digest = createHash("sha256")
        .update(nonce as Buffer)
        .update(message as Buffer)
        .digest();
      return digest.subarray(0, tagLength);
    };
    this.#door = await openPeopleDoor(
      {
        ...{ database, clock, audit, secrets, principals, gateway, names: new Set([site.host]), log, argon2id },
        notices: this.notices,
        guessed,
        breachedPasswords: this.breachedPasswords,
        clockSense: { insist: () => this.insist() },
      },
      this.#resources,
    );
  }

  get door(): PeopleDoor {
    if (this.#door === undefined) throw new Error("the door is closed");
    return this.#door;
  }

  /** A person with a password, and with an authenticator whose secret is answered. */
  async person(
    loginName: string,
    { grants = everything, totp = true }: { grants?: readonly Grant[]; totp?: boolean } = {},
  ): Promise<{ id: PrincipalId; secret: string }> {
    const { people, logins, enrolment } = this.door;
    const { principal } = people.add({ name: loginName, loginName, grants });
    const first = logins.begin({ principal, factors: ["code"], device: "d", complete: false });
    const { login } = await enrolment.setPassword(
      { login: first.login, password: Secret.of(password), device: "d" },
      never,
    );
    const secret = totp ? this.enrolTotp(login) : "";
    logins.endAll(principal);
    return { id: principal, secret };
  }

  enrolTotp(login: LiveLogin): string {
    const { secret } = this.door.enrolment.startTotp(login);
    this.door.enrolment.confirmTotp(login, Secret.of(this.code(secret)));
    return secret;
  }

  /** Makes a passkey on the gateway's own page; the login that has shown it. */
  async enrolPasskey(login: LiveLogin, authenticator: SoftAuthenticator): Promise<LiveLogin> {
    const { passkeyEnrolment } = this.door;
    const offer = passkeyEnrolment.offer(login, site);
    const response = authenticator.create(offer, site.origin);
    const made = { name: "Phone", ceremony: offer.ceremony, response };
    return (await passkeyEnrolment.add(login, made, site)).begun.login;
  }

  /** Somebody who came in by a one-time code, and has set nothing up. */
  invited(loginName: string, grants: readonly Grant[] = everything): LiveLogin {
    const { principal } = this.door.people.add({ name: loginName, loginName, grants });
    return this.door.logins.begin({ principal, factors: ["code"], device: "d", complete: false }).login;
  }

  /** The code of now. */
  code(secret: string): string {
    return codeAt(secret, this.clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    this.database[Symbol.dispose]();
  }
}

/** A Cookie header of Set-Cookie values. */
export const cookieHeader = (...cookies: readonly string[]): string =>
  cookies.map((cookie) => cookie.slice(0, cookie.indexOf(";"))).join("; ");
