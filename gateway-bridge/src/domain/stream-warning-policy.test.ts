import type { CameraId, StreamHealth, StreamWarning, Tier } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { warningsOf, type WarningFacts } from "./stream-warning-policy.ts";

const tier = (name: Tier["name"], width: number, height: number, codec: Tier["codec"] = "h264"): Tier => ({
  name,
  codec,
  width,
  height,
  fps: 25,
});
type Video = NonNullable<StreamHealth["video"]>;
const goodVideo: Video = {
  codec: "h264",
  width: 1920,
  height: 1080,
  level: 4,
  fps: 25,
  gopMs: 2_000,
  gopPictures: 50,
  longestGopMs: 2_000,
  shortestGopMs: 2_000,
  bFrames: false,
};
const stream = (more: Partial<StreamHealth> = {}, video: Partial<Video> = {}): StreamHealth => ({
  camera: "cam-aaaaaaaaaaaaaaaa" as CameraId,
  tier: "main",
  rendition: "camera",
  state: "live",
  video: { ...goodVideo, ...video },
  audio: null,
  bitrateKbps: 4_000,
  loss: 0,
  packetsLost: 0,
  jitterMs: 5,
  transport: "tcp",
  accessUnits: 1,
  bytes: 1,
  reconnects: 0,
  viewers: 1,
  dropped: 0,
  ringBytes: 1,
  ...more,
});
const good: WarningFacts = {
  kind: "onvif",
  tiers: [tier("main", 1920, 1080), tier("sub", 640, 360)],
  audio: "none",
  streams: [stream()],
  maxSessions: undefined,
  transcoder: true,
};
const warn = (facts: Partial<WarningFacts>): StreamWarning[] => warningsOf({ ...good, ...facts });
const codes = (facts: Partial<WarningFacts>): string[] => warn(facts).map(({ code }) => code);
const video = (of: Partial<Video>): Partial<WarningFacts> => ({ streams: [stream({}, of)] });
const gop = (longestGopMs: number | null, shortestGopMs: number | null): Partial<WarningFacts> =>
  video({ longestGopMs, shortestGopMs });
const modern = [tier("main", 3840, 2160, "h265"), tier("sub", 640, 360)];

describe("warnings about a camera", () => {
  it.each<[string, Partial<WarningFacts>, readonly string[]]>([
    ["are none for a good one", {}, []],
    ["are none while nothing is known of its GOPs", gop(null, null), []],
    ["are none at a key picture every 4 s", gop(4_000, 4_000), []],
    ["tell a key picture every 4.1 s", gop(4_100, 4_100), ["keyframe-interval-long"]],
    ["tell a long GOP before there is another to compare with", gop(10_000, null), ["keyframe-interval-long"]],
    ["take GOPs that differ a little for no smart codec", gop(6_000, 4_100), ["keyframe-interval-long"]],
    ["tell a smart codec by GOPs that stretch", gop(20_000, 2_000), ["smart-codec"]],
    ["take short GOPs that differ for nothing: encoders cut at a change of scene", gop(4_000, 300), []],
    ["tell B-frames", video({ bFrames: true }), ["b-frames"]],
    ["tell lost packets", { streams: [stream({ loss: 0.02 })] }, ["packet-loss"]],
    ["bear with one packet in a hundred", { streams: [stream({ loss: 0.01 })] }, []],
    ["tell jitter", { streams: [stream({ jitterMs: 101 })] }, ["jitter"]],
    ["bear with 100 ms of jitter", { streams: [stream({ jitterMs: 100 })] }, []],
    ["say nothing of figures that nobody measures", { streams: [stream({ loss: null, jitterMs: null })] }, []],
    ["say nothing of a stream that is not there", { streams: [stream({ state: "offline", loss: 1 }, { bFrames: true, longestGopMs: 60_000 })] }, []],
    ["tell a main stream of H.265 by what it was added with", { tiers: modern, streams: [] }, ["h265-main"]],
    ["tell a main stream of H.265 by what it sends", video({ codec: "h265" }), ["h265-main"]],
    ["believe what it sends before what it said", { tiers: modern }, []],
    ["say nothing of a sub stream of H.265", { tiers: [tier("main", 1920, 1080), tier("sub", 640, 360, "h265")], streams: [stream(), stream({ tier: "sub" }, { codec: "h265", width: 640, height: 360 })] }, []],
    ["tell that H.265 needs a transcoder", { tiers: modern, streams: [], transcoder: false }, ["h265-main", "no-transcoder"]],
    ["tell that sound needs a transcoder", { audio: "aac", transcoder: false }, ["no-transcoder"]],
    ["say nothing of sound that is converted", { audio: "pcmu" }, []],
    ["say nothing of Opus", { audio: "opus", transcoder: false }, []],
    ["tell sound that nothing reads", { audio: "other" }, ["sound-not-playable"]],
    ["tell a picture that is transcoded", { streams: [stream({}, { codec: "h265" }), stream({ rendition: "h264" })] }, ["h265-main", "transcoding"]],
    ["say nothing of sound that is transcoded", { streams: [stream(), stream({ rendition: "h264+opus" })] }, []],
    ["say nothing of a transcoding that has ended", { streams: [stream(), stream({ rendition: "h264", state: "idle" }, { codec: "h265" })] }, []],
    ["tell that no tier is small", { tiers: [tier("main", 3840, 2160), tier("sub", 1920, 1080)] }, ["no-substream"]],
    ["tell that there is one large tier alone", { tiers: [tier("main", 1920, 1080)] }, ["no-substream"]],
    ["say nothing of one small tier alone", { tiers: [tier("main", 1280, 720)], streams: [] }, []],
    ["say nothing while no size is known", { tiers: [tier("main", 0, 0)], streams: [] }, []],
    ["measure a size that the camera does not tell", { kind: "rtsp", tiers: [tier("main", 0, 0)] }, ["no-substream"]],
    ["say nothing of a camera of still pictures", { kind: "still", tiers: [tier("main", 1920, 1080, "jpeg")], streams: [] }, []],
    ["tell a camera that serves one client", { maxSessions: 1 }, ["single-session"]],
    ["tell a camera that serves three", { maxSessions: 3 }, ["single-session"]],
    ["say nothing of one that serves four", { maxSessions: 4 }, []],
    ["come together, weightiest first", { ...gop(10_000, 10_000), audio: "other", tiers: [tier("main", 1920, 1080)], maxSessions: 1 }, ["keyframe-interval-long", "sound-not-playable", "no-substream", "single-session"]],
  ])("%s", (_, facts, expected) => { expect(codes(facts)).toEqual(expected); }); // prettier-ignore

  it("say the value and what to set", () => {
    const [warning] = warn(video({ longestGopMs: 10_000, shortestGopMs: 10_000, gopPictures: 200, fps: 19.9 }));
    expect(warning?.message).toMatch(/main stream .* every 10 s \(200 pictures\)/);
    expect(warning?.remedy).toMatch(/to 2 s, which is 40 pictures at 20 a second/);
  });

  it("tell each tier's own trouble", () => {
    const streams = [
      stream({ loss: 0.5 }),
      stream({ tier: "sub", loss: 0.033, transport: "udp" }, { width: 640, height: 360 }),
    ];
    expect(warn({ streams }).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^50 % of the main stream's packets .* on the way: /),
      expect.stringMatching(/^3.3 % of the sub stream's packets .* over UDP: /),
    ]);
  });

  it("give an owner of a plain stream another way than one of an ONVIF camera", () => {
    const large = [tier("main", 1920, 1080)];
    const [plain] = warn({ kind: "rtsp", tiers: large });
    const [onvif] = warn({ tiers: large });
    expect(plain?.remedy).toMatch(/ONVIF/);
    expect(onvif?.remedy).toMatch(/second stream/);
  });

  it("name the number of clients that a camera serves", () => {
    const messages = [1, 2].map((maxSessions) => warn({ maxSessions })[0]?.message);
    expect(messages).toEqual([expect.stringContaining("one client"), expect.stringContaining("only 2 clients")]);
  });
});
