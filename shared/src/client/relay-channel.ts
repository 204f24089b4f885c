import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { parseAddress } from "../contract/pairing-string.ts";
import type { DeviceIdentity, RelayPlace, WayHome } from "../contract/remote.ts";
import { onAbort, withDeadline, type Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatehouseError, isGatehouseError, type ErrorCode } from "../kernel/errors.ts";
import type { Secret } from "../kernel/secret.ts";
import { signAdmission } from "../relay/admission.ts";
import { doorName } from "../relay/door-name.ts";
import { frameLimits, readFrame, writeFrame } from "../relay/frame.ts";
import { Challenge, Verdict, type DeviceHello, type Proof, type Way } from "../relay/messages.ts";
import { innerProtocol, relayProtocols } from "../relay/names.ts";
import { connectPinned } from "./pinned-tls.ts";

/** A device on its way home. */
export interface Traveller {
  /** Whose key knocks. The way home that it holds is not looked at: it may be an old one. */
  readonly identity: Pick<DeviceIdentity, "privateKey" | "certificate">;
  readonly wayHome: WayHome;
  readonly clock: Clock;
}

/** What a connection is for, which is the first thing that the gateway hears on it. */
export type Errand =
  /** HTTP/1.1. */
  | { readonly kind: "api" }
  /** RTSP, as the person whose login this is: the value of its cookie. */
  | { readonly kind: "rtsp"; readonly login: Secret };

/** Longer than a relay takes for all of its part, and than it waits for a connection from the gateway. */
const channelMs = 20_000;
const innerMs = 15_000;

/**
 * A channel through the relay to the gateway, as bytes that the relay can read: `openInner` comes next. No byte is sent to a relay whose
 * key is not one of the pinned ones, and nothing but the signature proves anything there.
 * @throws GatehouseError `relay-unreachable`, `relay-impostor`, `relay-refused`, `relay-busy` (`details.retryMs`), `relay-answer-malformed`,
 * `identity-damaged`, or the signal's reason
 */
export const openChannel = async (
  { identity, wayHome, clock, way }: Traveller & { readonly way: Way },
  { signal }: Cancellable,
): Promise<Duplex> => {
  const { relay } = wayHome;
  const key = readKey(identity);
  const deadline = {
    signal,
    clock,
    ms: channelMs,
    what: `the relay at ${relay.address}`,
    code: "relay-unreachable",
  } as const;
  const opening = withDeadline(deadline, async (within) => {
    const { socket, relayKey } = await dial(relay, within);
    // Also where it is given up as the last byte comes: nobody would have it then.
    onAbort(within.signal, () => socket.destroy());
    try {
      await knock(socket, { key, wayHome, relayKey, way }, within);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  });
  return opening.catch(explain);
};

/**
 * TLS 1.3 inside a channel, to the very gateway: its key was compared before the first byte, which the caller writes. Ends the channel
 * where it fails.
 * @throws GatehouseError `gateway-impostor`, `gateway-unreachable`, or the signal's reason
 */
export const openInner = async (
  { identity, wayHome, clock, channel }: Traveller & { readonly channel: Duplex },
  { signal }: Cancellable,
): Promise<TLSSocket> => {
  const { gatewayKeys } = wayHome;
  const deadline = {
    signal,
    clock,
    ms: innerMs,
    what: "the gateway behind the relay",
    code: "gateway-unreachable",
  } as const;
  const inner = {
    carrier: channel,
    host: doorName(gatewayKeys[0] ?? ""),
    port: 0,
    name: "the gateway behind the relay",
    alpn: innerProtocol,
    accepts: (digest: Buffer) => gatewayKeys.includes(digest.toString("base64url")),
    certificate: identity.certificate,
    privateKey: identity.privateKey,
    minVersion: "TLSv1.3",
    mismatch: "gateway-impostor",
    unreachable: "gateway-unreachable",
  } as const;
  try {
    return await withDeadline(deadline, (within) => connectPinned(inner, within)).catch(explain);
  } catch (error) {
    channel.destroy();
    throw error;
  }
};

/**
 * A connection to the gateway at home that has said what it is for. Whether the gateway goes along shows with its first answer: it ends
 * the connection of a device that it does not know (any more).
 * @throws GatehouseError as `openChannel` and `openInner` do
 */
export const goHome = async (
  { errand, way, ...traveller }: Traveller & { readonly errand: Errand; readonly way: Way },
  cancel: Cancellable,
): Promise<TLSSocket> => {
  const channel = await openChannel({ ...traveller, way }, cancel);
  const inner = await openInner({ ...traveller, channel }, cancel);
  inner.write(preface(errand));
  return inner;
};

/** One line of at most 256 bytes. */
const preface = (errand: Errand): string =>
  errand.kind === "api" ? "GH1 api\n" : `GH1 rtsp ${errand.login.reveal()}\n`;

const readKey = ({ privateKey }: Pick<DeviceIdentity, "privateKey">): KeyObject => {
  try {
    return createPrivateKey(privateKey);
  } catch {
    // The cause stays out: it may quote the key.
    throw new GatehouseError("identity-damaged", "this device's identity holds no private key");
  }
};

interface Dialled {
  readonly socket: TLSSocket;
  /** Which of the pinned keys it showed: what the signature is bound to. */
  readonly relayKey: string;
}

const dial = async ({ address, keys }: RelayPlace, cancel: Cancellable): Promise<Dialled> => {
  const where = parseAddress(address);
  if (where === undefined) throw new GatehouseError("identity-damaged", "the relay's address is not host:port");
  let relayKey = "";
  const accepts = (digest: Buffer): boolean => {
    relayKey = digest.toString("base64url");
    return keys.includes(relayKey);
  };
  const alpn = relayProtocols.device;
  const codes = { mismatch: "relay-impostor", unreachable: "relay-unreachable" } as const;
  const socket = await connectPinned({ ...where, accepts, alpn, minVersion: "TLSv1.3", ...codes }, cancel);
  socket.setNoDelay(true);
  return { socket, relayKey };
};

/** What a device's person can do is not what a gateway's owner at home can. */
const remedies: Readonly<Partial<Record<ErrorCode, string>>> = {
  "relay-impostor":
    "Nothing was sent to it. If the relay got a new key while this device was off, pair the device again at home.",
  "relay-unreachable": "Check that this computer has a way to the internet, and that the relay runs.",
  "gateway-impostor":
    "Nothing was sent to it. If the gateway got new keys at once, as after a panic, pair the device again at home.",
  "gateway-unreachable":
    "Look at home: `gatehouse remote status` tells whether it is connected, `gatehouse remote device list` whether this device is still known.",
};

const explain = (error: unknown): never => {
  const remedy = isGatehouseError(error) ? remedies[error.code] : undefined;
  if (!isGatehouseError(error) || remedy === undefined) throw error;
  const { code, message, details, cause } = error;
  throw new GatehouseError(code, message, { cause, details, remedy });
};

interface Knock {
  readonly key: KeyObject;
  readonly wayHome: WayHome;
  readonly relayKey: string;
  readonly way: Way;
}

const knock = async (
  socket: TLSSocket,
  { key, wayHome, relayKey, way }: Knock,
  { signal }: Cancellable,
): Promise<void> => {
  const { relay, tunnel: gateway } = wayHome;
  const frames = { limit: frameLimits.device, signal };
  writeFrame(socket, { v: 1, gateway, way } satisfies DeviceHello);
  const { relay: name, nonce, time } = await readFrame(socket, Challenge, frames);
  // Whoever has the key may not have it signed for another relay's name.
  if (name !== relay.name)
    throw new GatehouseError("relay-impostor", `the relay calls itself ${name}, not ${relay.name}`);
  const signature = signAdmission(key, { relay: relay.name, relayKey, gateway, nonce, time });
  writeFrame(socket, { key: spkiOf(key), signature } satisfies Proof);
  const verdict = await readFrame(socket, Verdict, frames);
  if (!verdict.open) throw refusal(verdict);
};

const spkiOf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");

const refusal = ({ why, retryMs }: Extract<Verdict, { open: false }>): GatehouseError =>
  why === "refused"
    ? new GatehouseError("relay-refused", "the relay did not let this device through", { details: { retryMs } })
    : new GatehouseError("relay-busy", why === "busy" ? "the relay has no room now" : "the relay closes for a while", {
        details: { retryMs, why },
      });
