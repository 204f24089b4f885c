import { mseOutput } from "./mse/output.ts";
import type { Output } from "./output.ts";
import { rtspOutput } from "./rtsp/output.ts";
import { srtpOutput } from "./srtp/output.ts";
import { WebRtcOutput } from "./webrtc/output.ts";

/** Every way out of the gateway. */
export const openOutputs = async (opening: AsyncDisposableStack): Promise<readonly Output[]> => [
  srtpOutput,
  rtspOutput,
  opening.use(await WebRtcOutput.open()),
  mseOutput,
];
