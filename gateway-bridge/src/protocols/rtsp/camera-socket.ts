import { connectPinned, GatehouseError, onAbort, systemCode, type Cancellable } from "@gatehouse/shared";
import { connect, type Socket } from "node:net";

import { throughGate, type ConnectionGate } from "../tcp/connection-gate.ts";
import type { RtspUrl } from "./rtsp-url-policy.ts";

export interface CameraSocketOptions {
  readonly url: RtspUrl;
  /** SHA-256 of the camera's public key, base64url; needed for rtsps. */
  readonly pin: string | null;
  /** Takes what was read: a view that is good until this returns. */
  readonly received: (bytes: Buffer) => void;
  /** Counts the connections; none does unless given. */
  readonly gate?: ConnectionGate | undefined;
}

/** What one reading brings at most. */
const readingBytes = 64 * 1024;

/**
 * Connects to the camera; for rtsps, no byte is written before its key matched the pin.
 * @throws GatehouseError `camera-unreachable`, `camera-fingerprint-changed`, `camera-fingerprint-unconfirmed`, or the signal's reason
 */
export const connectCamera = (options: CameraSocketOptions, cancel: Cancellable): Promise<Socket> => {
  const { gate, url: to } = options;
  return throughGate({ gate, to }, () => connectNow(options, cancel), cancel);
};

const connectNow = async (options: CameraSocketOptions, cancel: Cancellable): Promise<Socket> => {
  const { url, pin, received } = options;
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
  return socket.setNoDelay(true).on("data", received);
};

const connectPlain = ({ url, received }: CameraSocketOptions, { signal }: Cancellable): Promise<Socket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // Read into again and again: memory made for each reading would cost more to collect as garbage than the reading itself.
    const buffer = Buffer.allocUnsafeSlow(readingBytes);
    const callback = (count: number): boolean => {
      received(buffer.subarray(0, count));
      return true;
    };
    const onread = { buffer, callback };
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
