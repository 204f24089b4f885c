import { networkInterfaces } from "node:os";

import type {
  PreparedHomeKitSession,
  PrepareHomeKitSession,
  PrincipalId,
  SessionId,
  StartHomeKitSession,
} from "@gatehouse/shared";

import { HomeKitSessions } from "../../../../gateway-bridge/src/consumers/homekit/homekit-sessions.ts";
import { clock, log, type MediaPlane } from "../../media-host/media-plane.ts";

const never: AbortSignal = new AbortController().signal;
const principal = "who-aaaaaaaaaaaaaaaa" as PrincipalId;
/** More than any benchmark opens: what is measured is not the limit. */
const maxSessions = { total: 1_000, perCamera: 1_000 };

/** The HomeKit consumer of the gateway, as a worker's handlers. */
export const srtpServer = (plane: MediaPlane) => {
  const cameras = new Map<string, number>();
  const sessions = new HomeKitSessions({
    stream: (camera) => plane.stream(cameras.get(camera) ?? 0),
    clock,
    log,
    interfaces: networkInterfaces,
    maxSessions,
  });
  return {
    srtpPrepare: async (given: {
      readonly camera: number;
      readonly body: PrepareHomeKitSession;
    }): Promise<PreparedHomeKitSession> => {
      const { camera } = plane.stream(given.camera);
      cameras.set(camera, given.camera);
      return sessions.prepare({ principal, camera, body: given.body }, { signal: never });
    },
    srtpStart: ({ id, body }: { readonly id: SessionId; readonly body: StartHomeKitSession }): Promise<void> =>
      sessions.start(id, body),
    srtpEnd: (id: SessionId): void => sessions.end(id),
  };
};
