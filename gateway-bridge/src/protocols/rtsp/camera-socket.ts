import { connectPinned, GatehouseError, onAbort, systemCode, type Cancellable } from "@gatehouse/shared";
import { connect, type Socket } from "node:net";

import type { RtspUrl } from "./rtsp-url-policy.ts";

export interface CameraSocketOptions {
  readonly url: RtspUrl;
  /** SHA-256 of the camera's public key, base64url; needed for rtsps. */
  readonly pin: string | null;
  readonly inlet: SocketInlet;
}

/** What a socket reads into. Memory made for each reading would cost more to collect as garbage than the reading itself. */
export interface SocketInlet {
  /** Where the next bytes are put. */
  readonly room: () => Buffer;
  /** So many bytes were put there. */
  readonly received: (count: number) => void;
}

/**
 * Connects to the camera; for rtsps, no byte is written before its key matched the pin.
 * @throws GatehouseError `camera-unreachable`, `camera-fingerprint-changed`, `camera-fingerprint-unconfirmed`, or the signal's reason
 */
export const connectCamera = async (options: CameraSocketOptions, cancel: Cancellable): Promise<Socket> => {
  const { url, pin, inlet } = options;
  if (!url.secure) return connectPlain(options, cancel);
  if (pin === null) {
    throw new GatehouseError(
      "camera-fingerprint-unconfirmed",
      "the camera wants TLS, and its key is not confirmed yet",
    );
  }
  const expected = Buffer.from(pin, "base64url");
  const socket = await connectPinned(
    {
      host: url.host,
      port: url.port,
      name: "the camera",
      accepts: (shown) => shown.equals(expected),
      mismatch: "camera-fingerprint-changed",
      unreachable: "camera-unreachable",
    },
    cancel,
  );
  return socket.setNoDelay(true).on("data", (chunk: Buffer) => copyInto(inlet, chunk));
};

/** What TLS has decrypted lies in memory of its own. */
const copyInto = ({ room, received }: SocketInlet, chunk: Buffer): void => {
  for (let at = 0; at < chunk.length;) {
    const count = chunk.copy(room(), 0, at);
    received(count);
    at += count;
  }
};

const connectPlain = ({ url, inlet }: CameraSocketOptions, { signal }: Cancellable): Promise<Socket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const callback = (count: number): boolean => {
      inlet.received(count);
      return true;
    };
    const onread = { buffer: inlet.room, callback };
    const socket = connect({ host: url.host, port: url.port, noDelay: true, onread });
    const abort = onAbort(signal, () => {
      socket.destroy();
      reject(signal.reason as Error);
    });
    socket.once("error", (cause) => {
      abort[Symbol.dispose]();
      reject(unreachable(url, cause));
    });
    socket.once("connect", () => {
      abort[Symbol.dispose]();
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });

/** Plugins are shown this, and a camera's address is not theirs to know. */
const unreachable = ({ port }: RtspUrl, cause: unknown): GatehouseError =>
  new GatehouseError(
    "camera-unreachable",
    `the camera cannot be reached at port ${port}: ${systemCode(cause) ?? "failed"}`,
    { cause },
  );
