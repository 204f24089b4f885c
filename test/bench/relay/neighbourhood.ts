import { generateKeyPairSync } from "node:crypto";
import type { Duplex } from "node:stream";

import {
  silentLogger,
  systemClock,
  type Logger,
  type RelayPlace,
  type Thumbprint,
  type TunnelId,
} from "@gatehouse/shared";

import type { DeviceRoll } from "../../../gateway-bridge/src/ports.ts";
import { Tunnel } from "../../../gateway-bridge/src/relay/tunnel/tunnel.ts";
import { idOfKey, tunnelKey, type TunnelKey } from "../../../gateway-bridge/src/relay/tunnel/tunnel-key.ts";
import { seeded } from "../../support/seeded.ts";
import { dialFrom } from "./dial-from.ts";
import { sharedNow } from "./load.ts";
import { loopback } from "./loopback.ts";

export interface Homes {
  readonly place: RelayPlace;
  /** Who may come to each of them. */
  readonly devices: readonly Thumbprint[];
  /** Each home has an address of its own, the first this one's. Without, all are at one. */
  readonly firstAddress?: number;
}

/** How homes came back, or came. */
export interface Arrival {
  /** When each was admitted, by the machine's clock, in ms. */
  readonly at: readonly number[];
  /** Failed tries since `forget`, by their code. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Homes with nothing in them but the gateway's half of the tunnel, with its own way of coming back. */
export class Neighbourhood {
  readonly #serve: (stream: Duplex) => void;
  readonly #keys: TunnelKey[] = [];
  readonly #tunnels: Tunnel[] = [];
  readonly #connected = new Map<Tunnel, number>();
  readonly #failures = new Map<string, number>();
  #changed = Promise.withResolvers<undefined>();

  constructor(serve: (stream: Duplex) => void) {
    this.#serve = serve;
  }

  readonly handlers = {
    /** Draws the keys of that many homes, and answers the pins by which the relay knows them. */
    build: (count: number): { readonly pin: string; readonly tunnel: TunnelId }[] => {
      while (this.#keys.length < count) this.#keys.push(tunnelKey(generateKeyPairSync("ed25519")));
      return this.#keys.slice(0, count).map((key) => ({ pin: key.pin, tunnel: idOfKey(key) }));
    },
    /** Has all of them dial. */
    move: (homes: Homes): void => this.#keys.forEach((key, index) => this.#open(key, index, homes)),
    /** Resolves when every one is admitted. */
    settle: async (): Promise<Arrival> => {
      while (this.#connected.size < this.#tunnels.length) await this.#changed.promise;
      return { at: [...this.#connected.values()], failures: Object.fromEntries(this.#failures) };
    },
    connected: (): number => this.#connected.size,
    /** Begins to count failures anew. */
    forget: (): void => this.#failures.clear(),
    /** Ends all tunnels. */
    leave: async (): Promise<void> => {
      this.#connected.clear();
      await Promise.all(this.#tunnels.splice(0).map((tunnel) => tunnel[Symbol.asyncDispose]()));
    },
  };

  #open(key: TunnelKey, index: number, { place, devices, firstAddress }: Homes): void {
    const tunnel = Tunnel.open({
      place: () => place,
      id: idOfKey(key),
      keys: { current: () => key, next: () => undefined, promote: () => undefined },
      roll: constantRoll(devices),
      accept: ({ stream }) => this.#serve(stream),
      learnRelayKeys: () => undefined,
      ...(firstAddress !== undefined && { dial: dialFrom(loopback(firstAddress + index)) }),
      clock: systemClock,
      log: this.#log,
      random: seeded(index),
    });
    this.#tunnels.push(tunnel);
    tunnel.onChanged(({ connection }) => {
      if (connection === "connected") this.#connected.set(tunnel, sharedNow());
      else this.#connected.delete(tunnel);
      this.#changed.resolve(undefined);
      this.#changed = Promise.withResolvers();
    });
  }

  /** Counts what each failed try is logged with. */
  readonly #log: Logger = {
    ...silentLogger,
    child: () => this.#log,
    warn: (_, fields) => {
      const code = String(fields?.["code"]);
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    },
  };
}

const constantRoll = (devices: readonly Thumbprint[]): DeviceRoll => ({
  epoch: 1,
  thumbprints: () => devices,
  find: (thumbprint) => (devices.includes(thumbprint) ? visitor : undefined),
  onChanged: () => ({ [Symbol.dispose]: () => undefined }),
});
const visitor = { device: "dev-aaaaaaaaaaaaaaaa", person: "person-bench" } as unknown as NonNullable<
  ReturnType<DeviceRoll["find"]>
>;
