import { randomBytes } from "node:crypto";
import { once } from "node:events";

import { have } from "../../support/packages.ts";
import { urlWithLogin, type FarmCamera } from "../camera-farm/farm.ts";
import { openDrain } from "../outputs/srtp/output.ts";
import { ffmpegPath, Program, versionOf } from "./program.ts";
import type { Rival, RivalViewers } from "./rival.ts";

const firstPacketWithinMs = 15_000;

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

const serveOne = async (camera: FarmCamera, opened: AsyncDisposableStack): Promise<Program> => {
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
export const ffmpegSrtp: Rival = {
  name: "ffmpeg -c copy -f rtp (SRTP)",
  version: () => versionOf(ffmpegPath, "-version"),
  missing: () => (have("ffmpeg") ? undefined : "ffmpeg is not installed"),
  serve: async (camera, viewers): Promise<RivalViewers> => {
    await using opening = new AsyncDisposableStack();
    const serving = Array.from({ length: viewers }, () => serveOne(camera, opening));
    const programs = await Promise.all(serving);
    const opened = opening.move();
    return {
      pids: programs.map(({ pid }) => pid),
      check: async () => {
        for (const program of programs) program.assertRunning();
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
};
