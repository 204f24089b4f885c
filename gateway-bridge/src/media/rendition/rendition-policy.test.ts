import { describe, expect, it } from "@jest/globals";

import type { AudioCodec, VideoCodec } from "../../domain/track.ts";
import {
  ableToTranscodeAll,
  ableToTranscodeNothing,
  chooseRendition,
  type RenditionChoice,
  type TranscodingAbility,
} from "./rendition-policy.ts";

const choose = (
  [video, audio]: readonly [VideoCodec, AudioCodec | undefined],
  accepts: readonly string[],
  able: TranscodingAbility = ableToTranscodeAll,
): RenditionChoice =>
  chooseRendition({
    video: { codec: video },
    audio: audio === undefined ? undefined : { codec: audio },
    accepts: {
      video: accepts.filter((codec) => codec === "h264" || codec === "h265"),
      audio: accepts.filter((codec): codec is AudioCodec => codec !== "h264" && codec !== "h265"),
    },
    able,
  });

const homekit = ["h264", "opus"];
const browser = ["h264", "opus", "pcmu", "pcma"];
const mse = ["h264", "aac", "opus"];

describe("chooseRendition", () => {
  it.each<[VideoCodec, AudioCodec | undefined, readonly string[]]>([
    ["h264", "opus", homekit],
    ["h264", undefined, homekit],
    ["h264", "pcma", browser],
    ["h264", "aac", mse],
    ["h264", "aac", ["h264"]],
    ["h265", "aac", ["h264", "h265", "aac"]],
  ])("leaves %s with %s as it is for a viewer of %j, transcoder or not", (video, audio, accepts) => {
    expect(choose([video, audio], accepts)).toEqual({ kind: "as-is" });
    expect(choose([video, audio], accepts, ableToTranscodeNothing)).toEqual({ kind: "as-is" });
  });

  it.each<[VideoCodec, AudioCodec | undefined, readonly string[], "as-is" | "h264", "as-is" | "opus" | "aac"]>([
    ["h264", "aac", homekit, "as-is", "opus"],
    ["h264", "pcmu", homekit, "as-is", "opus"],
    ["h264", "l16", browser, "as-is", "opus"],
    ["h264", "pcmu", ["h264", "aac"], "as-is", "aac"],
    ["h264", "pcmu", mse, "as-is", "opus"],
    ["h265", "opus", homekit, "h264", "as-is"],
    ["h265", "aac", homekit, "h264", "opus"],
    ["h265", undefined, homekit, "h264", "as-is"],
    ["h265", "aac", ["h264"], "h264", "as-is"],
  ])("turns %s with %s for a viewer of %j into %s with %s", (video, audio, accepts, toVideo, toAudio) => {
    const rendition = { video: toVideo, audio: toAudio };
    expect(choose([video, audio], accepts)).toEqual({ kind: "derived", rendition });
  });

  it("takes AAC where Opus cannot be made", () => {
    const able = { ...ableToTranscodeAll, opus: false };
    expect(choose(["h264", "pcmu"], mse, able)).toMatchObject({ rendition: { audio: "aac" } });
  });

  it("shows the picture without sound where the sound cannot be transcoded", () => {
    const silent = { kind: "silent", rendition: { video: "as-is", audio: "as-is" }, codec: "aac" };
    expect(choose(["h264", "aac"], homekit, ableToTranscodeNothing)).toEqual(silent);
    const pictureOnly = { ...ableToTranscodeNothing, h264: true };
    expect(choose(["h265", "aac"], homekit, pictureOnly)).toEqual({
      ...silent,
      rendition: { video: "h264", audio: "as-is" },
    });
    expect(choose(["h264", "aac"], ["h264", "pcmu"])).toEqual(silent);
  });

  it("refuses a picture that cannot be shown, and says whether a transcoder would help", () => {
    expect(choose(["h265", "aac"], homekit, ableToTranscodeNothing)).toEqual({ kind: "no-transcoder", codec: "h265" });
    expect(choose(["h264", "aac"], ["h265", "aac"])).toEqual({ kind: "unplayable", codec: "h264" });
    expect(choose(["h265", undefined], [])).toEqual({ kind: "unplayable", codec: "h265" });
  });
});
