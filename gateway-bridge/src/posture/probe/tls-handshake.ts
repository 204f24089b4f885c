import {
  connectPinned,
  GatehouseError,
  isGatehouseError,
  withDeadline,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

import { throughGate } from "../../protocols/tcp/connection-gate.ts";
import { connectTcp } from "./connect-tcp.ts";
import type { CameraGate } from "./probe-budget.ts";
import type { PortProbe, TlsFacts } from "./probed-camera.ts";

type TlsOffer = Parameters<PortProbe["tls"]>[1];

export interface Handshake {
  readonly gate: CameraGate;
  readonly port: number;
  readonly offer: TlsOffer;
  readonly clock: Clock;
}

const handshakeMs = 5_000;
/** Told apart from a connection that did not come about at all. */
const refused = "camera-weaker-auth";

/**
 * What a port shows in a TLS handshake, and nothing but that is sent. Undefined where it refuses the offer.
 * @throws GatehouseError `camera-unreachable` where nothing listens, or the signal's reason
 */
export const shakeHands = (
  { gate, port, offer, clock }: Handshake,
  { signal }: Cancellable,
): Promise<TlsFacts | undefined> => {
  const what = "a TLS handshake";
  return withDeadline({ clock, ms: handshakeMs, what, code: "camera-unreachable", signal }, async (cancel) => {
    const to = { host: gate.place.host, port };
    const carrier = await throughGate({ gate, to }, () => connectTcp({ ...to, clock }, cancel), cancel);
    try {
      const shown = Promise.withResolvers<Shown>();
      const accepts = (key: Buffer, certificate: X509Certificate): boolean => {
        shown.resolve({ pin: key.toString("base64url"), certificate });
        return true;
      };
      const failing = { mismatch: refused, unreachable: refused, name: "the camera" } as const;
      const socket = await connectPinned({ ...to, ...offer, ...failing, carrier, accepts }, cancel);
      return factsOf(socket, await shown.promise);
    } catch (error) {
      if (isGatehouseError(error) && error.code === refused) return undefined;
      throw error;
    } finally {
      carrier.destroy();
    }
  });
};

/**
 * The key that a port shows to whoever asks.
 * @throws GatehouseError `camera-unreachable`, or the signal's reason
 */
export const readPin = async (handshake: Omit<Handshake, "offer">, cancel: Cancellable): Promise<string> => {
  const facts = await shakeHands({ ...handshake, offer: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" } }, cancel);
  if (facts !== undefined) return facts.pin;
  throw new GatehouseError(
    "camera-unreachable",
    `the camera speaks no TLS at port ${handshake.port} that is still spoken`,
  );
};

interface Shown {
  readonly pin: string;
  readonly certificate: X509Certificate;
}

const factsOf = (socket: TLSSocket, { pin, certificate }: Shown): TlsFacts => {
  const { asymmetricKeyType: keyType = "", asymmetricKeyDetails: details } = certificate.publicKey;
  return {
    pin,
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    keyType,
    keyBits: details?.modulusLength ?? curveBits[details?.namedCurve ?? keyType] ?? 0,
    signature: certificate.signatureAlgorithm ?? "",
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
};

/** By OpenSSL's names. */
const curveBits: Readonly<Record<string, number>> = {
  prime192v1: 192,
  secp224r1: 224,
  prime256v1: 256,
  secp256k1: 256,
  secp384r1: 384,
  secp521r1: 521,
  ed25519: 256,
  ed448: 448,
};
