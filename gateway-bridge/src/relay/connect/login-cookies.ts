import { cookieNames, Secret } from "@gatehouse/shared";

const form = /^([^=;\s]+)=([^;]*)/;
const secretForm = /^[A-Za-z0-9_-]{43}$/;

/** The cookies of the login, as the gateway set them. They stay in memory, and never go to a local program. */
export class LoginCookies {
  readonly #values = new Map<string, Secret>();

  /** The login's own, which RTSP needs too; undefined while nobody is signed in. */
  get login(): Secret | undefined {
    return this.#values.get(cookieNames.login);
  }

  /** The Cookie header; undefined where there is none to send. */
  get header(): Secret | undefined {
    const pairs = [...this.#values].map(([name, value]) => `${name}=${value.reveal()}`);
    return pairs.length === 0 ? undefined : Secret.of(pairs.join("; "));
  }

  /** Takes the Set-Cookie headers of one answer over: an empty value takes the cookie away. */
  note(values: readonly string[]): void {
    for (const value of values) {
      const [, name = "", content = ""] = form.exec(value) ?? [];
      if (name !== cookieNames.login && name !== cookieNames.device) continue;
      if (secretForm.test(content)) this.#values.set(name, Secret.of(content));
      else this.#values.delete(name);
    }
  }

  /** The login is over. What the gateway knows this device by stays. */
  forgetLogin(): void {
    this.#values.delete(cookieNames.login);
  }
}
