import { GatehouseError, type CameraId, type Cancellable } from "@gatehouse/shared";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import type { CameraRecord } from "../../domain/camera.ts";
import type { AdoptedCamera } from "../newcomer-policy.ts";

/** A camera, and a literal address where it is. */
export interface HostedCamera {
  readonly id: CameraId;
  readonly name: string;
  readonly host: string;
}

/** All addresses that a name leads to; none where it leads nowhere. */
export type LookUp = (name: string) => Promise<readonly string[]>;

const lookUp: LookUp = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

/** Where the cameras are: their addresses, as they are written or as their names led to last. */
export class CameraHosts {
  readonly #cameras: { list(): readonly CameraRecord[] };
  readonly #lookUp: LookUp;
  readonly #resolved = new Map<string, readonly string[]>();

  constructor(cameras: { list(): readonly CameraRecord[] }, look: LookUp = lookUp) {
    this.#cameras = cameras;
    this.#lookUp = look;
  }

  list(): readonly HostedCamera[] {
    return this.#cameras.list().flatMap(({ id, name, url }) => {
      const [host] = this.#addressesOf(url);
      return host === undefined ? [] : [{ id, name, host }];
    });
  }

  /** Each, with all its addresses. */
  adopted(): readonly AdoptedCamera[] {
    return this.#cameras.list().map(({ id, url, description }) => {
      return { id, addresses: this.#addressesOf(url), serial: description.serial };
    });
  }

  /** @throws GatehouseError `camera-unreachable` */
  readonly resolve = async (name: string, { signal }: Cancellable): Promise<string> => {
    try {
      const addresses = await this.#lookUp(name);
      signal.throwIfAborted();
      const [first] = addresses;
      if (first === undefined) throw new GatehouseError("camera-unreachable", `${name} leads nowhere`);
      this.#resolved.set(name, addresses);
      return first;
    } catch (cause) {
      signal.throwIfAborted();
      throw new GatehouseError("camera-unreachable", `nobody knows where ${name} is`, { cause });
    }
  };

  /** Asks where all the names lead. One that leads nowhere now keeps its last address. */
  readonly resolveAll = async (cancel: Cancellable): Promise<void> => {
    const names = new Set(this.#cameras.list().map(({ url }) => hostOf(url)).filter((host) => isIP(host) === 0)); // prettier-ignore
    await Promise.allSettled([...names].map((name) => this.resolve(name, cancel)));
    cancel.signal.throwIfAborted();
  };

  #addressesOf(url: string): readonly string[] {
    const written = hostOf(url);
    return isIP(written) === 0 ? (this.#resolved.get(written) ?? []) : [written];
  }
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");
