import type { CameraControllerOptions, Resolution } from "homebridge";

import { audioCodec, audioRate, h264Level, h264Profile, srtpSuite } from "./hap-enums.ts";

/** Viewers of one camera at the same time, through HomeKit. */
export const parallelStreams = 4;

/** Up to level 4.0, which is 1080p. 320x240 at 15 is what an Apple Watch asks for. */
const resolutions: Resolution[] = [
  [1920, 1080, 30],
  [1280, 960, 30],
  [1280, 720, 30],
  [1024, 768, 30],
  [640, 480, 30],
  [640, 360, 30],
  [480, 360, 30],
  [480, 270, 30],
  [320, 240, 30],
  [320, 240, 15],
  [320, 180, 30],
];

/** What tells one camera from another to HomeKit. */
export interface SoundOffer {
  /** It is heard. */
  readonly sound: boolean;
  /** It is spoken through. */
  readonly talk: boolean;
}

/**
 * What every camera advertises. The same whatever the camera is or does now: a change would make controllers read
 * everything anew. Controllers take the picture that the camera sends, whichever of the sizes they asked for.
 * Opus alone, because a controller prefers AAC-ELD wherever it is offered; without `audio`, HAP-NodeJS advertises the same
 * Opus (a controller starts no stream without an audio codec) and leaves the microphone out. There is no loudspeaker without a
 * microphone in HAP-NodeJS: one that hears nothing is silent.
 */
export const streamingOptions = ({ sound, talk }: SoundOffer): CameraControllerOptions["streamingOptions"] => ({
  supportedCryptoSuites: [srtpSuite.aesCm128HmacSha1With80],
  video: {
    codec: {
      profiles: [h264Profile.baseline, h264Profile.main, h264Profile.high],
      levels: [h264Level.level31, h264Level.level32, h264Level.level40],
    },
    resolutions: [...resolutions],
  },
  ...(sound || talk
    ? {
        audio: {
          codecs: [{ type: audioCodec.opus, samplerate: [audioRate.khz16, audioRate.khz24], audioChannels: 1 }],
          twoWayAudio: talk,
        },
      }
    : {}),
});
