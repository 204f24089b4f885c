import { isGatehouseError } from "@gatehouse/shared";

import type { HttpLogin } from "./http-client.ts";

/**
 * A login that outlives a camera's reboot. Many cameras forget their nonces and do not say that the old one is merely stale,
 * so a refusal after an accepted login is answered once by a fresh one; only if that is refused too, the password is wrong.
 */
export class RenewingLogin implements HttpLogin {
  readonly #make: () => HttpLogin;
  #login: HttpLogin;
  #proven = false;

  constructor(make: () => HttpLogin) {
    this.#make = make;
    this.#login = make();
  }

  challenge(headers: readonly string[], request: { readonly authorization: string | undefined }): void {
    try {
      this.#login.challenge(headers, request);
    } catch (error) {
      if (!this.#proven || !isGatehouseError(error) || error.code !== "camera-credentials") throw error;
      this.#proven = false;
      this.#login = this.#make();
      this.#login.challenge(headers, request);
    }
  }

  authorize(method: string, uri: string): string | undefined {
    return this.#login.authorize(method, uri);
  }

  accepted(status: number): void {
    this.#login.accepted(status);
    this.#proven = true;
  }
}
