import { stopped, supervise, type Cancellable, type Clock, type GatewayId, type Logger } from "@gatehouse/shared";

import { parseAuthority } from "../domain/authority.ts";
import { isLoopback, plainAddress, type Interfaces } from "../domain/viewer-address-policy.ts";

/** What the local network hears of the gateway, and nothing else. */
export interface Announcement {
  /** Of the service, of the host, and the only fact in the TXT record. */
  readonly id: GatewayId;
  readonly port: number;
  /** The one address to tell; undefined for all that this box has. */
  readonly address: string | undefined;
}

/** Whom it is told. */
export interface Audience {
  /** Names of network interfaces; at least one. */
  readonly interfaces: readonly string[];
  /** Called where somebody else on these networks has the name. */
  readonly onTaken: () => void;
}

/** Speaks multicast DNS. */
export type OpenResponder = (announcement: Announcement, audience: Audience) => Promise<AsyncDisposable>;

/** How often this box is looked at for networks that came or went. */
export const lookMs: number = 30_000;

export interface AdvertiserOptions {
  readonly gateway: GatewayId;
  /** `host:port` that the API listens on. */
  readonly listening: string;
  readonly openResponder: OpenResponder;
  readonly interfaces: () => Interfaces;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
}

/** What to tell; undefined where nobody but this box could come. */
export const announcementOf = (id: GatewayId, listening: string): Announcement | undefined => {
  const authority = parseAuthority(listening);
  const address = authority && plainAddress(authority.host.replace(/[[\]]/g, ""));
  if (authority?.port === undefined || address === undefined || isLoopback(address)) return undefined;
  const isEverywhere = address.address === "0.0.0.0" || address.address === "::";
  return { id, port: authority.port, address: isEverywhere ? undefined : address.address };
};

/** Tells the local network that the gateway is here and at which addresses its name is. Without it all else works. */
export class Advertiser implements AsyncDisposable {
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;

  private constructor(options: AdvertiserOptions, announcement: Announcement) {
    const { clock, random } = options;
    const log = options.log.child({ what: "multicast DNS" });
    const { signal } = this.#closing;
    const run = async ({ healthy }: { readonly healthy: () => void }): Promise<never> => {
      for (;;) {
        await announceOnce(options, announcement, { signal });
        healthy();
      }
    };
    this.#done = supervise({ clock, log, random, signal, run });
  }

  /** Undefined where there is nobody to tell. */
  static open(options: AdvertiserOptions): Advertiser | undefined {
    const announcement = announcementOf(options.gateway, options.listening);
    return announcement && new Advertiser(options, announcement);
  }

  /** Says goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("closed"));
    await this.#done;
  }
}

/** Announces on the networks that there are, until there are others. */
const announceOnce = async (
  { openResponder, interfaces, clock, log }: AdvertiserOptions,
  announcement: Announcement,
  cancel: Cancellable,
): Promise<void> => {
  const names = networksIn(interfaces());
  const onTaken = (): void =>
    log.warn("another device on this network uses the gateway's name; use its address", { name: announcement.id });
  await using _responder =
    names.length === 0 ? undefined : await openResponder(announcement, { interfaces: names, onTaken });
  do await clock.delay(lookMs, cancel);
  while (networksIn(interfaces()).join() === names.join());
};

const networksIn = (interfaces: Interfaces): readonly string[] =>
  Object.entries(interfaces)
    .filter(([, infos = []]) => infos.some(({ internal }) => !internal))
    .map(([name]) => name)
    .sort();
