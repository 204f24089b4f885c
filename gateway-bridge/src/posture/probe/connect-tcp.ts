import { GatehouseError, onAbort, systemCode, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";
import { connect, type Socket } from "node:net";

import type { ConnectionTarget } from "../../protocols/tcp/connection-gate.ts";

/** On a home's network an answer comes within milliseconds; a camera that wakes up takes a little longer. */
const connectMs = 2_000;

/**
 * A bare connection. Errors on it are heard by a listener of ours, so watching `close` is enough.
 * @throws GatehouseError `camera-unreachable` (its cause has the system's code; none where there was no answer at all), or the signal's reason
 */
export const connectTcp = (
  { host, port, clock }: ConnectionTarget & { readonly clock: Clock },
  { signal }: Cancellable,
): Promise<Socket> =>
  withDeadline(
    { clock, ms: connectMs, what: "a connection to the camera", code: "camera-unreachable", signal },
    (cancel) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true });
        const abort = onAbort(cancel.signal, () => {
          socket.destroy();
          reject(cancel.signal.reason as Error);
        });
        socket.on("error", (cause) => {
          const why = systemCode(cause) ?? "failed";
          reject(
            new GatehouseError("camera-unreachable", `the camera cannot be reached at port ${port}: ${why}`, { cause }),
          );
        });
        socket.once("connect", () => {
          abort[Symbol.dispose]();
          resolve(socket);
        });
        socket.once("close", () => abort[Symbol.dispose]());
      }),
  );
