import { createHash, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

import { onAbort, type Cancellable } from "../kernel/abort.ts";
import { GatehouseError, isError, systemCode, type ErrorCode } from "../kernel/errors.ts";

export interface PinnedTlsOptions {
  /** A name or a bare address (no brackets round IPv6). */
  readonly host: string;
  readonly port: number;
  /** What messages call the peer, where they must not tell its address; by default `host:port`. */
  readonly name?: string;
  /** Decides by the SHA-256 of the peer's public key in its SPKI form, 32 bytes; the certificate around it proves nothing. */
  readonly accepts: (spkiSha256: Buffer, certificate: X509Certificate) => boolean;
  /** Thrown when `accepts` said no. */
  readonly mismatch: ErrorCode;
  /** Thrown when no TLS connection comes about. */
  readonly unreachable: ErrorCode;
  /**
   * Our own certificate and its key, PEM. TLS 1.3 sends the certificate before the peer's key can be judged here;
   * it is no secret, and its signature covers this handshake alone (RFC 8446 4.4.3).
   */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Oldest version spoken; default TLSv1.2, which many cameras end at. */
  readonly minVersion?: "TLSv1" | "TLSv1.2" | "TLSv1.3";
  /** Newest version spoken, and the ciphers that are offered: to find out what a peer would put up with. */
  readonly maxVersion?: "TLSv1.1" | "TLSv1.3";
  readonly ciphers?: string;
  /** What is spoken inside; a peer that does not agree to it is `unreachable`. RFC 7301 */
  readonly alpn?: string;
  /** Carries the connection in the place of one to `host`, which is then but the name that is asked for. It is destroyed with it. */
  readonly carrier?: Duplex;
  /** For one camera that can do no better: TLS 1.0, short keys and SHA-1. The pin holds all the same. */
  readonly legacy?: boolean;
}

/** The pin of a public key: SHA-256 of its SPKI DER, base64url. */
export const spkiPin = (spkiDer: Buffer): string => sha256(spkiDer).toString("base64url");

/**
 * A TLS connection whose peer key was accepted before the first byte was written to it.
 * Errors on the socket are heard by a listener of ours, so watching `close` is enough.
 * @throws GatehouseError `mismatch` or `unreachable` of the options, or the signal's reason
 */
export const connectPinned = async (options: PinnedTlsOptions, { signal }: Cancellable): Promise<TLSSocket> => {
  signal.throwIfAborted();
  const socket = connect(tlsOptions(options));
  const abort = onAbort(signal, (reason) => socket.destroy(isError(reason) ? reason : undefined));
  try {
    await handshake(socket);
    // Undefined where the peer shows none: then nothing proves who it is. Node tells it once.
    const certificate = socket.getPeerX509Certificate();
    signal.throwIfAborted();
    if (certificate !== undefined && options.accepts(keyHash(certificate), certificate))
      return speaking(socket, options);
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    throw new GatehouseError(options.unreachable, `no TLS connection to ${place(options)}: ${reason(options, cause)}`, {
      cause,
    });
  } finally {
    abort[Symbol.dispose]();
  }
  socket.destroy();
  throw new GatehouseError(options.mismatch, `${place(options)} shows another key than the pinned one`);
};

/**
 * The pin that the peer shows; nothing but the handshake is sent. It proves nothing until a person confirms it.
 * @throws GatehouseError `unreachable`, or the signal's reason
 */
export const readTlsPin = async (
  options: Pick<PinnedTlsOptions, "host" | "port" | "unreachable" | "legacy">,
  cancel: Cancellable,
): Promise<string> => {
  let pin = "";
  const accepts = (digest: Buffer): boolean => {
    pin = digest.toString("base64url");
    return true;
  };
  const socket = await connectPinned({ ...options, accepts, mismatch: options.unreachable }, cancel);
  socket.destroy();
  return pin;
};

const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();

const place = ({ host, port, name }: PinnedTlsOptions): string =>
  name ?? `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** The system's own words name the address. A name with several addresses fails with an AggregateError that has none. */
const reason = ({ name }: PinnedTlsOptions, cause: unknown): string =>
  (name === undefined && isError(cause) && cause.message) || (systemCode(cause) ?? "failed");

/**
 * Of a name with several addresses, Node gives each but the last a quarter of a second, and then no other chance: too little for a far peer, or a
 * busy box of ours (nodejs/node#54359). So long, that a lost SYN is sent again (RFC 6298 2).
 */
export const addressAttemptMs = 2_500;
const patient = { autoSelectFamilyAttemptTimeout: addressAttemptMs };

const tlsOptions = (options: PinnedTlsOptions): ConnectionOptions => ({
  ...(options.carrier === undefined
    ? { host: options.host, port: options.port, ...patient }
    : { socket: options.carrier }),
  // RFC 6066 3: the server name is never a literal address.
  ...(isIP(options.host) === 0 && { servername: options.host }),
  // The pin takes the place of the certificate authorities: cameras and gateways sign their own certificates. Node skips
  // checkServerIdentity together with the chain, so the key is compared here, before anybody is handed the socket.
  rejectUnauthorized: false,
  cert: options.certificate,
  key: options.privateKey,
  ...(options.alpn !== undefined && { ALPNProtocols: [options.alpn] }),
  ...(options.legacy === true
    ? { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }
    : { minVersion: options.minVersion ?? "TLSv1.2" }),
  ...(options.maxVersion !== undefined && { maxVersion: options.maxVersion }),
  ...(options.ciphers !== undefined && { ciphers: options.ciphers }),
});

const handshake = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed during the handshake")));
  });

/** A server may finish the handshake without having agreed to anything. */
const speaking = (socket: TLSSocket, { alpn }: PinnedTlsOptions): TLSSocket => {
  if (alpn !== undefined && socket.alpnProtocol !== alpn) throw new Error("it speaks another protocol");
  return socket;
};

const keyHash = ({ publicKey }: X509Certificate): Buffer => sha256(publicKey.export({ type: "spki", format: "der" }));
