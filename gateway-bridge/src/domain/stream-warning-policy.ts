import type { CameraKind, StreamHealth, StreamWarning, Tier } from "@gatehouse/shared";

import type { CameraDescription } from "./camera.ts";

/** What is known of a camera that may be worth a word to its owner. */
export interface WarningFacts {
  readonly kind: CameraKind;
  readonly tiers: readonly Tier[];
  readonly audio: CameraDescription["audio"];
  /** The camera's own and those that were made of them. */
  readonly streams: readonly StreamHealth[];
  /** How many clients at once the camera serves, where that is known. */
  readonly maxSessions: number | undefined;
  /** Whether the box has a transcoder. */
  readonly transcoder: boolean;
}

/** The longest fragment that HomeKit takes; a new viewer's wait and a recording's lead-in grow with the GOP, too. */
const longGopMs = 4_000;
/** Cameras without a smart codec keep their GOPs' length, give or take a picture. */
const smartStretch = 1.5;
const highLoss = 0.01;
const highJitterMs = 100;
/** 720p: what phones and small panels show, and what a link away from home carries. */
const smallPixels = 1_280 * 720;
/** A recorder, an app and a desktop beside the gateway are more than that. */
const fewSessions = 3;
/** A good key picture interval, in seconds. */
const goodGop = 2;

type Video = NonNullable<StreamHealth["video"]>;
type Check = (facts: WarningFacts) => readonly StreamWarning[];
const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(1))} s`;
const names = { h264: "H.264", h265: "H.265", aac: "AAC", pcmu: "G.711", pcma: "G.711", l16: "L16" } as const;

/** What the camera itself sends right now, with its picture. */
const ownLive = ({ streams }: WarningFacts): readonly (StreamHealth & { readonly video: Video })[] =>
  streams.filter(
    (stream): stream is StreamHealth & { readonly video: Video } =>
      stream.rendition === "camera" && stream.state === "live" && stream.video !== null,
  );

const intervals: Check = (facts) =>
  ownLive(facts).flatMap(({ tier, video }): StreamWarning[] => {
    const { longestGopMs, shortestGopMs, gopPictures, fps } = video;
    if (longestGopMs === null || longestGopMs <= longGopMs) return [];
    if (shortestGopMs !== null && longestGopMs >= smartStretch * shortestGopMs) {
      const message = `The ${tier} stream's key pictures come ${seconds(shortestGopMs)} to ${seconds(longestGopMs)} apart: a smart codec (H.264+, H.265+, Smart) stretches them.`;
      const remedy = "Switch the smart codec off in the camera's video settings: viewers and recordings can only begin at a key picture."; // prettier-ignore
      return [{ code: "smart-codec", message, remedy }];
    }
    const pictures = gopPictures === null ? "" : ` (${gopPictures} pictures)`;
    const message = `The ${tier} stream sends a key picture only every ${seconds(longestGopMs)}${pictures}; HomeKit and recordings want one every ${longGopMs / 1_000} s at least.`; // prettier-ignore
    const value = fps > 0 ? `, which is ${Math.round(goodGop * fps)} pictures at ${Math.round(fps)} a second` : "";
    const remedy = `Set the key frame (I-frame) interval in the camera's video settings to ${goodGop} s${value}.`;
    return [{ code: "keyframe-interval-long", message, remedy }];
  });

const reordering: Check = (facts) =>
  ownLive(facts)
    .filter(({ video }) => video.bFrames)
    .map(({ tier }) => ({
      code: "b-frames",
      message: `The ${tier} stream has B-frames: browsers stutter on them, and every viewer waits longer for each picture.`,
      remedy:
        "Choose the Baseline or Main profile, or set the number of B-frames to 0, in the camera's video settings.",
    }));

/** The sizes of the camera's pictures, measured before told. */
const sizes = (facts: WarningFacts): readonly number[] =>
  facts.tiers.map((tier) => {
    const seen = ownLive(facts).find((stream) => stream.tier === tier.name)?.video;
    return seen !== undefined && seen.width > 0 ? seen.width * seen.height : tier.width * tier.height;
  });

const smallStream: Check = (facts) => {
  const known = sizes(facts).filter((pixels) => pixels > 0);
  if (facts.kind === "still" || known.length === 0 || known.some((pixels) => pixels <= smallPixels)) return [];
  const remedy =
    facts.kind === "rtsp"
      ? "Add the camera by its address alone (ONVIF) instead of one stream's, so that the gateway finds its smaller streams."
      : "Switch on a second stream of 1280x720 or 640x360 in the camera's video settings, then remove the camera and add it again.";
  const message = "The camera offers no small picture, so phones, tiles and viewers away from home all get the large one."; // prettier-ignore
  return [{ code: "no-substream", message, remedy }];
};

const sessions: Check = ({ maxSessions }) => {
  if (maxSessions === undefined || maxSessions > fewSessions) return [];
  const message =
    maxSessions === 1
      ? "This camera serves one client at a time, and the gateway is that client."
      : `This camera serves only ${maxSessions} clients at a time, and the gateway is one of them.`;
  const remedy = "Let recorders and other apps take the picture from the gateway (`gatehouse app add`), not from the camera."; // prettier-ignore
  return [{ code: "single-session", message, remedy }];
};

const reception: Check = (facts) =>
  ownLive(facts).flatMap(({ tier, loss, jitterMs, transport }): StreamWarning[] => {
    const way = "Move the camera to a cable or nearer to the access point, or lower its bit rate.";
    return [
      ...(loss !== null && loss > highLoss
        ? [
            {
              code: "packet-loss" as const,
              message: `${Number((loss * 100).toFixed(1))} % of the ${tier} stream's packets are lost on the way${transport === "udp" ? " over UDP" : ""}: pictures freeze or smear.`,
              remedy: way,
            },
          ]
        : []),
      ...(jitterMs !== null && jitterMs > highJitterMs
        ? [
            {
              code: "jitter" as const,
              message: `The ${tier} stream's packets come up to ${Math.round(jitterMs)} ms early or late: movement stutters.`,
              remedy: way,
            },
          ]
        : []),
    ];
  });

/** The codec of the camera's main picture, seen before told. */
const mainCodec = (facts: WarningFacts): string | undefined =>
  ownLive(facts).find(({ tier }) => tier === "main")?.video.codec ??
  facts.tiers.find(({ name }) => name === "main")?.codec;

const modernMain: Check = (facts) =>
  mainCodec(facts) !== "h265"
    ? []
    : [
        {
          code: "h265-main",
          message: "The main stream is H.265, which Apple Home and many browsers cannot show as it is.",
          remedy:
            "Choose H.264 for the main stream in the camera's video settings, unless all your viewers take H.265.",
        },
      ];

const transcoding: Check = ({ streams }) =>
  streams.flatMap((made): StreamWarning[] => {
    const own = streams.find((stream) => stream.rendition === "camera" && stream.tier === made.tier);
    const [from, to] = [own?.video?.codec, made.video?.codec];
    if (made === own || made.state !== "live" || from === undefined || to === undefined || from === to) return [];
    return [
      {
        code: "transcoding",
        message: `The gateway turns the ${made.tier} stream's ${names[from]} into ${names[to]} for ${made.viewers} viewers, which takes much of a processor.`,
        remedy: `Choose ${names[to]} for this stream in the camera's video settings.`,
      },
    ];
  });

const soundNeedsHelp = (audio: WarningFacts["audio"]): audio is "aac" | "pcmu" | "pcma" | "l16" =>
  audio === "aac" || audio === "pcmu" || audio === "pcma" || audio === "l16";

const withoutTranscoder: Check = (facts) => {
  if (facts.transcoder) return [];
  const picture = mainCodec(facts) === "h265" ? ["no picture"] : [];
  const sound = soundNeedsHelp(facts.audio) ? ["no sound"] : [];
  const lacking = [...picture, ...sound];
  if (lacking.length === 0) return [];
  const codecs = [
    ...(picture.length > 0 ? [names.h265] : []),
    ...(soundNeedsHelp(facts.audio) ? [names[facts.audio]] : []),
  ];
  return [
    {
      code: "no-transcoder",
      message: `Apple Home shows ${lacking.join(" and ")} of this camera: its ${codecs.join(" and ")} would have to be converted, and the gateway found no ffmpeg.`,
      remedy: "Install ffmpeg on the gateway's box (on Debian: `sudo apt install ffmpeg`) and start the gateway again.",
    },
  ];
};

const sound: Check = ({ audio }) =>
  audio !== "other"
    ? []
    : [
        {
          code: "sound-not-playable",
          message: "The camera's sound is in a codec that the gateway cannot read, so nobody hears it.",
          remedy: "Choose AAC, G.711 or Opus in the camera's audio settings.",
        },
      ];

const checks: readonly Check[] = [
  intervals,
  reordering,
  reception,
  modernMain,
  withoutTranscoder,
  sound,
  transcoding,
  smallStream,
  sessions,
];

/** What the owner of a camera could better, weightiest first. Each says what is and what to do. */
export const warningsOf = (facts: WarningFacts): StreamWarning[] => checks.flatMap((check) => check(facts));
