import {
  GatehouseError,
  loadDeviceIdentity,
  saveDeviceIdentity,
  type DeviceIdentity,
  type WayHome,
} from "@gatehouse/shared";
import { isDeepStrictEqual } from "node:util";

/** Who this device is, and the way home as it last heard of it. */
export class KeptIdentity {
  readonly #path: string;
  #identity: DeviceIdentity;
  /** Writing, one after the other. */
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, identity: DeviceIdentity) {
    this.#path = path;
    this.#identity = identity;
  }

  /** @throws GatehouseError `not-found` where there is none, `identity-damaged`, `file-permissions` */
  static async open(path: string): Promise<KeptIdentity> {
    const identity = await loadDeviceIdentity(path);
    if (identity !== undefined) return new KeptIdentity(path, identity);
    throw new GatehouseError("not-found", `This computer is no device of a gateway: there is no ${path}.`, {
      remedy:
        "At home, run `gatehouse remote device add` on the gateway's box, and then here `gatehouse connect pair` with what it prints.",
    });
  }

  get identity(): DeviceIdentity {
    return this.#identity;
  }

  /** Takes over what the gateway itself said, if it is news; durable when it resolves. Resolves whether it was. */
  async learn(wayHome: WayHome): Promise<boolean> {
    if (isDeepStrictEqual(wayHome, this.#identity.wayHome)) return false;
    const identity = { ...this.#identity, wayHome };
    this.#identity = identity;
    this.#saving = this.#saving.catch(() => undefined).then(() => saveDeviceIdentity(this.#path, identity));
    await this.#saving;
    return true;
  }
}
