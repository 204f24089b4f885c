import { describe, expect, it } from "@jest/globals";

import type { AudioTrack, VideoTrack } from "../domain/track.ts";
import { CodecMemory } from "./codec-memory.ts";
import { opusTrack, videoTrack } from "./testing/units.ts";

interface Tracks {
  video: VideoTrack | undefined;
  audio: AudioTrack | undefined;
}

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };

describe("What a viewer began with", () => {
  it.each<[string, Partial<Tracks>, boolean]>([
    ["the same", { video: { ...videoTrack, parameterSets: undefined }, audio: { ...opusTrack } }, false],
    ["another picture", { video: { ...videoTrack, codec: "h265" } }, true],
    ["other sound", { audio: pcmu }, true],
    ["no sound any more", { audio: undefined }, true],
  ])("is compared with what comes now: %s", (_, now, outdated) => {
    const stream: Tracks = { video: videoTrack, audio: opusTrack };
    const memory = new CodecMemory(stream);
    Object.assign(stream, now);
    expect(memory.outdated).toBe(outdated);
  });
});
