import {
  callRoute,
  GatehouseError,
  type Cancellable,
  type Me,
  type PasswordSignIn,
  type Secret,
} from "@gatehouse/shared";

import type { HomeHttp } from "./home-http.ts";
import type { KeptIdentity } from "./kept-identity.ts";
import type { LoginCookies } from "./login-cookies.ts";

export interface PersonLoginOptions {
  readonly http: Pick<HomeHttp, "ask">;
  readonly cookies: LoginCookies;
  readonly kept: Pick<KeptIdentity, "identity">;
}

/** The login of the device's person, by which everything is asked that local programs ask. */
export class PersonLogin {
  readonly #options: PersonLoginOptions;
  #over = Promise.withResolvers<undefined>();

  constructor(options: PersonLoginOptions) {
    this.#options = options;
    this.#over.resolve(undefined);
  }

  /** Resolves when nobody is signed in any more. */
  get over(): Promise<undefined> {
    return this.#over.promise;
  }

  /**
   * Signs in with both factors. Whoever was signed in before is not any more.
   * @throws GatehouseError `sign-in-refused`, also for another person than the device's; what the gateway or the way home says
   */
  async signIn(attempt: PasswordSignIn, cancel: Cancellable): Promise<Me> {
    const { http, kept } = this.#options;
    const me = await callRoute(http, { name: "signInWithPassword", body: attempt }, cancel).catch(explain);
    if (me.person.id !== kept.identity.person) {
      await this.signOut(cancel);
      throw new GatehouseError("sign-in-refused", "this device belongs to another person", {
        remedy: "Sign in as the person whose device this is, or pair it anew at home for yourself.",
      });
    }
    this.#over = Promise.withResolvers<undefined>();
    return me;
  }

  /** The login's cookie. @throws GatehouseError `login-over` */
  secret(): Secret {
    const { login } = this.#options.cookies;
    if (login === undefined) throw loginOver();
    return login;
  }

  /** Takes over what an answer about the login itself says of its cookie, which may be that there is none any more. */
  note(setCookies: readonly string[]): void {
    const { cookies } = this.#options;
    cookies.note(setCookies);
    if (cookies.login === undefined) this.forget();
  }

  /** The gateway does not know the login any more. */
  forget(): void {
    this.#options.cookies.forgetLogin();
    this.#over.resolve(undefined);
  }

  /** Asks whether the login still stands, and forgets it if not. What else goes wrong says nothing. */
  async check(cancel: Cancellable): Promise<void> {
    try {
      await callRoute(this.#options.http, { name: "me" }, cancel);
    } catch (error) {
      if ((error as Partial<GatehouseError>).code === "unauthenticated") this.forget();
    }
  }

  /** Tells the gateway that the login is over, as well as that can be done. */
  async signOut(cancel: Cancellable): Promise<void> {
    try {
      if (this.#options.cookies.login !== undefined) await callRoute(this.#options.http, { name: "signOut" }, cancel);
    } catch {
      // It ends by itself when it is not used.
    } finally {
      this.forget();
    }
  }
}

export const loginOver = (): GatehouseError => new GatehouseError("login-over", "nobody is signed in at home any more");

/** From away the gateway does not tell a wrong password from a person who may not come from there. */
const explain = (error: unknown): never => {
  if ((error as Partial<GatehouseError>).code !== "sign-in-refused") throw error;
  throw new GatehouseError("sign-in-refused", "name, password or code is wrong, or you may not come from away", {
    cause: error,
    remedy:
      "A code works once, for 30 seconds. From away it takes a password and an authenticator's code, and the right `remote`: whoever governs the gateway sees both with `gatehouse person list`.",
  });
};
