import {
  connectPinned,
  GatehouseError,
  parseAddress,
  withDeadline,
  type Cancellable,
  type Clock,
  type RelayPlace,
  type RelayProtocol,
} from "@gatehouse/shared";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import type { TunnelKey } from "./tunnel-key.ts";

export interface DialOptions {
  readonly place: RelayPlace;
  readonly key: TunnelKey;
  readonly protocol: RelayProtocol;
  readonly clock: Clock;
  /** Carries it in the place of a connection of its own. */
  readonly carrier?: Duplex;
}

export interface Dialled {
  readonly socket: TLSSocket;
  /** The pin of the key that the relay showed: of a client's socket, Node tells that once. */
  readonly shown: string;
}

/** Something that dials as `dialRelay` does. */
export type Dial = (options: DialOptions, cancel: Cancellable) => Promise<Dialled>;

/** How long a connection with its handshake may take. */
const dialMs = 15_000;
/** Routers forget connections that are silent; NAT-mapped ones mostly after some minutes. */
const keepAliveMs = 30_000;

/**
 * A connection to the relay, whose key was compared before a byte was written to it.
 * @throws GatehouseError `relay-impostor`, `relay-unreachable`, or the signal's reason
 */
export const dialRelay: Dial = async (options, cancel) => {
  const { place, key, protocol, clock, carrier } = options;
  const at = parseAddress(place.address);
  if (at === undefined) throw new GatehouseError("relay-unreachable", "the relay's address cannot be read");
  let shown = "";
  const accepts = (digest: Buffer): boolean => {
    shown = digest.toString("base64url");
    return place.keys.includes(shown);
  };
  const deadline = { ...cancel, clock, ms: dialMs, what: "the relay", code: "relay-unreachable" } as const;
  const socket = await withDeadline(deadline, (within) =>
    connectPinned(
      {
        ...at,
        ...(carrier !== undefined && { carrier }),
        name: `the relay ${place.name}`,
        accepts,
        mismatch: "relay-impostor",
        unreachable: "relay-unreachable",
        certificate: key.cert,
        privateKey: key.key,
        minVersion: "TLSv1.3",
        alpn: protocol,
      },
      within,
    ),
  );
  return { socket: socket.setNoDelay(true).setKeepAlive(true, keepAliveMs), shown };
};
