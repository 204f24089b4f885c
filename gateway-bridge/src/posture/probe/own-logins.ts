import type { CameraId } from "@gatehouse/shared";
import { createHmac, randomBytes } from "node:crypto";

import type { Credentials } from "../../domain/camera.ts";
import type { Proof } from "./sent-password.ts";
import { Turnstile } from "./turnstile.ts";

/** What a camera may know accounts of its own for. */
export type LoginPlane = "onvif" | "http" | "rtsp";

/** The gateway's own login at one camera, for one plane. */
export class OwnLogin implements Proof {
  /** Until it is known to be right, one at a time uses it: cameras count several that are under way. */
  readonly turn: Turnstile = new Turnstile(1);
  #holds = false;

  get holds(): boolean {
    return this.#holds;
  }

  keep(): void {
    this.#holds = true;
  }

  drop(): void {
    this.#holds = false;
  }
}

/** Which of the gateway's own logins were seen to be right, since it was started. Passwords are not kept for that. */
export class OwnLogins {
  readonly #key: Buffer = randomBytes(32);
  readonly #logins = new Map<string, OwnLogin>();

  of(camera: CameraId, plane: LoginPlane, { username, password }: Credentials): OwnLogin {
    const account = createHmac("sha256", this.#key)
      .update(JSON.stringify([username, password.reveal()]))
      .digest("hex");
    const name = `${camera} ${plane} ${account}`;
    const known = this.#logins.get(name);
    if (known !== undefined) return known;
    const login = new OwnLogin();
    this.#logins.set(name, login);
    return login;
  }
}
