import { spkiPin } from "@gatehouse/shared";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

import type { ServerCertificate } from "../../gateway-bridge/src/ports.ts";

export interface RelayDialOptions {
  readonly port: number;
  readonly host?: string;
  /** Where the connection comes from. */
  readonly localAddress?: string;
  readonly protocol?: string;
  /** Shown to the relay. */
  readonly key?: ServerCertificate;
  /** Compared with the relay's key. */
  readonly pin?: string;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

/** A plain TLS connection to a relay; rejects where the handshake fails or the pin is another. Ends only in the direction that is ended. */
export const dialTls = async (options: RelayDialOptions): Promise<TLSSocket> => {
  const { port, host = "127.0.0.1", localAddress, protocol, key, pin, maxVersion = "TLSv1.3" } = options;
  const half = { allowHalfOpen: true };
  const socket = connect({
    ...half,
    port,
    host,
    ...(localAddress !== undefined && { localAddress }),
    ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    ...(key !== undefined && { cert: key.cert, key: key.key }),
    minVersion: "TLSv1.2",
    maxVersion,
    // The pin stands for an authority: below.
    checkServerIdentity: () => undefined,
    ...unverified,
  });
  socket.setNoDelay(true);
  await once(socket, "secureConnect");
  socket.on("error", () => undefined);
  const shown = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  if (pin !== undefined && (shown === undefined || spkiPin(shown) !== pin)) {
    socket.destroy();
    throw new Error("another relay's key");
  }
  return socket;
};

/** A relay certifies itself. */
const unverified = Object.fromEntries([["rejectUnauthorized", false]]);

/** Resolves with all that comes until the connection is closed, in whatever way: who is cut off while it speaks may be told of a reset. */
export const readToEnd = async (socket: TLSSocket): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.once("end", () => socket.end());
  if (socket.readableEnded) socket.end();
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks);
};
