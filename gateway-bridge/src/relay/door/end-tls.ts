import { innerProtocol, isError, onAbort, type Cancellable, type Clock } from "@gatehouse/shared";
import { constants } from "node:crypto";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, type SecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";

import { limits } from "./limits.ts";
import { OrderlyStream } from "./orderly-stream.ts";

/** Of every context that is shown inside a channel. */
export const innerTlsPolicy: SecureContextOptions = {
  minVersion: "TLSv1.3",
  // Nobody resumes a session: each channel proves its key anew.
  secureOptions: constants.SSL_OP_NO_TICKET,
};

export interface InnerTls {
  readonly clock: Clock;
  /** By the name that is asked for; each trusts the clients' authority alone. */
  readonly contexts: ReadonlyMap<string, SecureContext>;
  /** PEM. */
  readonly clientCa: string;
}

/**
 * Ends the TLS that a device speaks on a stream, once it has shown a certificate of the authority. Each stream gets a server of its own,
 * which listens nowhere: a server of several would not say which of them a socket came by. It has no certificate but by name, so who
 * asks for no door, or for one that is none of ours, meets nothing.
 * The socket and the stream end with each other.
 * @throws whatever the handshake failed with, or the signal's reason; the stream is destroyed then
 */
export const endTls = async (
  stream: Duplex,
  { contexts, clientCa, clock }: InnerTls,
  cancel: Cancellable,
): Promise<TLSSocket> => {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const server = createServer({
    ...innerTlsPolicy,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: [innerProtocol],
    SNICallback: (name, choose) => {
      const context = contexts.get(name);
      choose(context === undefined ? new Error("it asks for a key that is none of ours") : null, context);
    },
  });
  const onClose = (): void => reject(new Error("the channel closed during the handshake"));
  server.once("secureConnection", (secure) => {
    // From here on nobody else hears of it.
    secure.on("error", () => secure.destroy());
    resolve(secure);
  });
  server.once("tlsClientError", reject);
  stream.once("close", onClose);
  using _abort = onAbort(cancel.signal, (reason) => reject(isError(reason) ? reason : new Error(String(reason))));
  server.emit(
    "connection",
    stream instanceof Socket ? stream : new OrderlyStream(stream, { clock, lingerMs: limits.linger }),
  );
  try {
    return await promise;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    stream.off("close", onClose);
  }
};
