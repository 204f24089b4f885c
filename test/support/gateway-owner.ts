import type { PasskeyEnrolment, PasskeyRequest, RecoveryCodes, Status } from "@gatehouse/shared";

import { SoftAuthenticator } from "../../gateway-bridge/src/access/people/testing/soft-authenticator.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import type { PageAnswer, PageClient, PageQuestion } from "./page-client.ts";
import { takeHold } from "./take-hold.ts";

/** An answer, and how many ms it took, as a person feels them. */
export interface TimedAnswer extends PageAnswer {
  readonly ms: number;
}

/** A gateway's first person, with recovery codes to sign in with at any time (an authenticator has one code in 30 s), and a passkey. */
export class GatewayOwner {
  /** The browser that signed in first. */
  readonly page: PageClient;
  readonly #codes: string[];
  readonly #authenticator = new SoftAuthenticator();
  /** `name:port` of the gateway: passkeys need a name. */
  readonly #host: string;

  private constructor(page: PageClient, codes: readonly string[], host: string) {
    this.page = page;
    this.#codes = [...codes];
    this.#host = host;
  }

  static async of(gateway: GatewayProcess): Promise<GatewayOwner> {
    const page = await takeHold(gateway);
    const { codes } = (await page.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes;
    const {
      gateway: { id },
    } = (await gateway.command(["status"])) as Status;
    const owner = new GatewayOwner(page, codes, `${id}.local:${gateway.address.split(":")[1]}`);
    await owner.#addPasskey();
    return owner;
  }

  /** The known browser, as it is when nobody is signed in with it. */
  get signedOut(): PageClient {
    const page = this.page.copy();
    page.cookies.delete("__Host-gatehouse");
    return page;
  }

  /** Signs in once more with password and recovery code, by default with the browser that is known. */
  async signIn(page = this.page): Promise<TimedAnswer> {
    const body = { loginName: "ann", password: "correct horse battery staple", code: this.#codes.shift() };
    const began = performance.now();
    const answer = await page.ask({ method: "POST", path: "/v1/sign-in/password", body });
    return { ...answer, ms: performance.now() - began };
  }

  /** Signs in with the passkey, in a browser that the gateway has never seen. */
  async signInByPasskey(): Promise<TimedAnswer> {
    const page = this.page.copy();
    page.cookies.clear();
    const began = performance.now();
    const asked = (await page.get(this.#post("/v1/sign-in/passkey/options"))) as PasskeyRequest;
    const response = this.#authenticator.get(asked, this.#origin);
    const answer = await page.ask(this.#post("/v1/sign-in/passkey", { ceremony: asked.ceremony, response }));
    return { ...answer, ms: performance.now() - began };
  }

  async #addPasskey(): Promise<void> {
    const asked = (await this.page.get(this.#post("/v1/me/passkeys/options"))) as PasskeyEnrolment;
    const response = this.#authenticator.create(asked, this.#origin);
    await this.page.get(this.#post("/v1/me/passkeys", { name: "Key", ceremony: asked.ceremony, response }));
  }

  get #origin(): string {
    return `https://${this.#host}`;
  }

  #post(path: string, body?: unknown): PageQuestion {
    return { method: "POST", path, body, headers: { host: this.#host, origin: this.#origin } };
  }
}
