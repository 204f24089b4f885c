/** A process that transcodes sound until it is killed. Says `ready` once sound came out. */
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { setTimeout as pause } from "node:timers/promises";

import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { SoundTranscoder } from "../../gateway-bridge/src/media/ffmpeg/sound-transcoder.ts";

const [, , searchPath = ""] = process.argv;
const ffmpeg = Ffmpeg.create({ searchPath, unsandboxed: true, clock: systemClock, log: new MemoryLogger() });
const transcoder = await SoundTranscoder.open(
  {
    ...{ ffmpeg, clock: systemClock, to: "opus" },
    from: { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 },
    onUnit: () => process.stdout.write("ready\n"),
  },
  { signal: new AbortController().signal },
);
for (let timestamp = 0; ; timestamp += 160) {
  transcoder.write({ kind: "audio", timestamp, data: Buffer.alloc(160, 0xff), bytes: 160, arrivedAt: 0 });
  await pause(20);
}
