import { innerProtocol, isError, onAbort, type Cancellable } from "@gatehouse/shared";
import { constants } from "node:crypto";
import type { Duplex } from "node:stream";
import { createServer, type SecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";

/** Of every context that is shown inside a channel. */
export const innerTlsPolicy: SecureContextOptions = {
  minVersion: "TLSv1.3",
  // Nobody resumes a session: each channel proves its key anew.
  secureOptions: constants.SSL_OP_NO_TICKET,
};

export interface InnerTls {
  /** By the name that is asked for; each trusts the clients' authority alone. */
  readonly contexts: ReadonlyMap<string, SecureContext>;
  /** PEM. */
  readonly clientCa: string;
}

/**
 * Ends the TLS that a device speaks on a stream, once it has shown a certificate of the authority. Each stream gets a server of its own,
 * which listens nowhere: a server of several would not say which of them a socket came by. It has no certificate but by name, so who
 * asks for no door, or for one that is none of ours, meets nothing.
 * @throws whatever the handshake failed with, or the signal's reason; the stream is destroyed then
 */
export const endTls = async (
  stream: Duplex,
  { contexts, clientCa }: InnerTls,
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
  server.once("secureConnection", resolve);
  server.once("tlsClientError", reject);
  stream.once("close", onClose);
  using _abort = onAbort(cancel.signal, (reason) => reject(isError(reason) ? reason : new Error(String(reason))));
  server.emit("connection", stream);
  try {
    return tied(await promise, stream);
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    stream.off("close", onClose);
  }
};

/** Whichever ends first, the other ends with it. */
const tied = (secure: TLSSocket, stream: Duplex): TLSSocket => {
  stream.once("close", () => secure.destroy());
  secure.once("close", () => stream.destroy());
  return secure;
};
