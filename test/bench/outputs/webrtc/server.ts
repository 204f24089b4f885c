import { networkInterfaces } from "node:os";

import { PrincipalId, type SessionId } from "@gatehouse/shared";

import type { EngineName } from "../../../../gateway-bridge/src/consumers/webrtc/peer-connection.ts";
import { WebRtcSessions } from "../../../../gateway-bridge/src/consumers/webrtc/webrtc-sessions.ts";
import { clock, log, type MediaPlane } from "../../media-host/media-plane.ts";

const cancel = { signal: new AbortController().signal };
const principal = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
/** More than any benchmark opens: what is measured is not the limit. */
const maxSessions = { total: 1_000, perPrincipal: 1_000 };

export interface WebRtcOffering {
  readonly camera: number;
  readonly sdp: string;
  /** What the gateway is to use; left out, what it prefers. */
  readonly engine?: EngineName | undefined;
}

/** The WebRTC consumer of the gateway, as a worker's handlers. */
export const webRtcServer = (plane: MediaPlane) => {
  let sessions: WebRtcSessions | undefined;
  const open = (engine: EngineName | undefined): WebRtcSessions =>
    new WebRtcSessions({
      streams: plane,
      tierFor: () => "main",
      clock,
      log,
      interfaces: networkInterfaces,
      maxSessions,
      ...(engine !== undefined && { engine }),
    });
  return {
    webRtcOffer: async ({ camera, sdp, engine }: WebRtcOffering): Promise<{ session: SessionId; sdp: string }> => {
      sessions ??= open(engine);
      return sessions.offer({ principal, camera: plane.stream(camera).camera, sdp, fromHere: true }, cancel);
    },
    webRtcEnd: (session: SessionId): void => sessions?.end(session),
  };
};
