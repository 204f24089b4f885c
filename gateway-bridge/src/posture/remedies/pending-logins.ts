import { Secret, type CameraId } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import type { SecretStore } from "../../ports.ts";
import type { LoginUse, PendingSecrets } from "../remedy.ts";
import { loginChange, type LoginChange } from "./login-commit-policy.ts";

/** The gateway's logins at its cameras. */
export interface LoginKeeper {
  /** What the camera is watched with. */
  credentials(camera: CameraId): Credentials | undefined;
  /** What may change its settings; the same where there is no other. */
  managementCredentials(camera: CameraId): Credentials | undefined;
  /** @param also what becomes durable with it, or not at all */
  changeCredentials(camera: CameraId, change: LoginChange, also: () => void): void;
}

const Stored = z.strictObject({ username: z.string(), password: z.string() });

/** Whose passwords one remedy changes at most. */
export const mostAccounts = 8;

const nameOf = (camera: CameraId, purpose: string): string => `camera/${camera}/pending/${purpose}`;

/** Logins that are not in use yet, in the vault. */
export class PendingLogins implements PendingSecrets {
  readonly #secrets: SecretStore;
  readonly #logins: LoginKeeper;

  constructor(secrets: SecretStore, logins: LoginKeeper) {
    this.#secrets = secrets;
    this.#logins = logins;
  }

  put(camera: CameraId, purpose: string, { username, password }: Credentials): void {
    const content = { username, password: password.reveal() } satisfies z.infer<typeof Stored>;
    this.#secrets.put(nameOf(camera, purpose), Buffer.from(JSON.stringify(content)));
  }

  get(camera: CameraId, purpose: string): Credentials | undefined {
    const stored = this.#secrets.get(nameOf(camera, purpose));
    if (stored === undefined) return undefined;
    const { username, password } = Stored.parse(JSON.parse(stored.toString("utf8")));
    return { username, password: Secret.of(password) };
  }

  commit(camera: CameraId, purpose: string, use?: LoginUse): void {
    const pending = this.get(camera, purpose);
    if (pending === undefined) return;
    const watching = this.#logins.credentials(camera);
    const management = this.#logins.managementCredentials(camera);
    const change = loginChange({ watching, management }, pending, use);
    this.#logins.changeCredentials(camera, change, () => this.drop(camera, purpose));
  }

  watchAsBefore(camera: CameraId): void {
    const watching = this.#logins.managementCredentials(camera);
    if (watching !== undefined) this.#logins.changeCredentials(camera, { watching, management: null }, () => undefined);
  }

  drop(camera: CameraId, purpose: string): void {
    this.#secrets.delete(nameOf(camera, purpose));
  }

  /** Of each account that a remedy changes: those beside the gateway's have a number behind its purpose. */
  dropAll(camera: CameraId, purpose: string): void {
    this.drop(camera, purpose);
    for (let index = 0; index < mostAccounts; index += 1) this.drop(camera, `${purpose}/${index}`);
  }
}
