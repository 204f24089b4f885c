import { mseServer } from "../outputs/mse/server.ts";
import { rtspServer } from "../outputs/rtsp/server.ts";
import { srtpServer } from "../outputs/srtp/server.ts";
import { webRtcServer } from "../outputs/webrtc/server.ts";
import { selfMeasure } from "../self-measure.ts";
import { serveParent } from "../worker-process.ts";
import { MediaPlane } from "./media-plane.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";

const plane = new MediaPlane();

export const hostHandlers = {
  ...selfMeasure(),
  ...srtpServer(plane),
  ...rtspServer(plane),
  ...webRtcServer(plane),
  ...mseServer(plane),
  useCameras: (cameras: readonly FarmCamera[]): void => plane.use(cameras),
  hold: (count: number): Promise<void> => plane.hold(count),
  ringPayload: (): number => plane.ringPayload(),
  /** Viewers of all streams. */
  viewers: (): number => plane.streams.status().reduce((sum, { viewers }) => sum + viewers, 0),
  /** Units that viewers missed, over all streams. */
  dropped: (): number => plane.streams.status().reduce((sum, { dropped }) => sum + dropped, 0),
};

serveParent(hostHandlers);
