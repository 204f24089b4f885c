import type { RecoveryCodes } from "@gatehouse/shared";

import type { GatewayProcess } from "./gateway-process.ts";
import type { PageAnswer, PageClient } from "./page-client.ts";
import { takeHold } from "./take-hold.ts";

/** A gateway's first person, with recovery codes to sign in with at any time: an authenticator has one code in 30 s. */
export class GatewayOwner {
  /** The browser that signed in first. */
  readonly page: PageClient;
  readonly #codes: string[];

  private constructor(page: PageClient, codes: readonly string[]) {
    this.page = page;
    this.#codes = [...codes];
  }

  static async of(gateway: GatewayProcess): Promise<GatewayOwner> {
    const page = await takeHold(gateway);
    const { codes } = (await page.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes;
    return new GatewayOwner(page, codes);
  }

  /** The known browser, as it is when nobody is signed in with it. */
  get signedOut(): PageClient {
    const page = this.page.copy();
    page.cookies.delete("__Host-gatehouse");
    return page;
  }

  /** Signs in once more, by default with the browser that is known. Answers also how many ms that took, as the person feels them. */
  async signIn(page = this.page): Promise<PageAnswer & { readonly ms: number }> {
    const body = { loginName: "ann", password: "correct horse battery staple", code: this.#codes.shift() };
    const began = performance.now();
    const answer = await page.ask({ method: "POST", path: "/v1/sign-in/password", body });
    return { ...answer, ms: performance.now() - began };
  }
}
