import { randomBytes } from "node:crypto";
import { once } from "node:events";

import { urlWithLogin, type FarmCamera } from "../camera-farm/farm.ts";
import { openDrain } from "../outputs/srtp/output.ts";
import { processPerViewer, type ServeOne } from "./process-per-viewer.ts";
import { ffmpegPath, Program } from "./program.ts";

const firstPacketWithinMs = 60_000;

/** What Homebridge's camera plugins start for each viewer. */
const argumentsFor = (camera: FarmCamera, port: number): string[] => [
  ...[
    "-v",
    "error",
    "-rtsp_transport",
    "tcp",
    "-i",
    urlWithLogin(camera),
    "-an",
    "-c:v",
    "copy",
    "-payload_type",
    "99",
  ],
  ...["-f", "rtp", "-srtp_out_suite", "AES_CM_128_HMAC_SHA1_80"],
  ...["-srtp_out_params", randomBytes(30).toString("base64"), `srtp://127.0.0.1:${port}?pkt_size=1316`],
];

const serveOne: ServeOne = async (camera, opened) => {
  const drain = await openDrain();
  opened.defer(() => void drain.close());
  const program = opened.use(new Program(ffmpegPath, argumentsFor(camera, drain.address().port)));
  await once(drain, "message", { signal: AbortSignal.timeout(firstPacketWithinMs) }).catch((error: unknown) => {
    program.assertRunning();
    throw error;
  });
  return program;
};

/** A process for each viewer that copies the camera's stream into SRTP, with a connection to the camera of its own. */
export const ffmpegSrtp = processPerViewer("ffmpeg -c copy -f rtp (SRTP)", serveOne);
