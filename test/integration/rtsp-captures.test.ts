import { expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { RtspResponse } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";
import { parseRtspUrl, resolveControl } from "../../gateway-bridge/src/protocols/rtsp/rtsp-url-policy.ts";
import {
  parseRtpInfo,
  parseSessionHeader,
  parseTransport,
} from "../../gateway-bridge/src/protocols/rtsp/session-headers.ts";
import { readParameterSets } from "../../gateway-bridge/src/protocols/sdp/parameter-sets.ts";
import { parseSdp } from "../../gateway-bridge/src/protocols/sdp/parse-sdp.ts";
import { readSequence } from "../../gateway-bridge/src/protocols/nal/sequence.ts";
import { chooseTracks } from "../../gateway-bridge/src/sources/track-choice-policy.ts";
import { captures, describeWithCaptures } from "../support/captures.ts";

const folder = join(captures, "rtsp");
const bytesOf = (name: string): Buffer => readFileSync(join(folder, `${name}.txt`));

/** The one response that a file holds, fed to the splitter byte by byte. */
const responseOf = (name: string): RtspResponse => {
  const found: RtspResponse[] = [];
  const splitter = new RtspSplitter({
    frame: () => undefined,
    message: (message) => message.kind === "response" && found.push(message),
  });
  const bytes = bytesOf(name);
  for (let at = 0; at < bytes.length; at += 1) splitter.push(bytes.subarray(at, at + 1));
  const [response, ...more] = found;
  if (response === undefined || more.length > 0) throw new Error(`${name}: ${found.length} responses`);
  return response;
};

/** What a description says: `kind encoding/rate/channels parameters`, and the URL that each section is controlled by. */
const meaningOf = (response: RtspResponse, request: string): unknown => {
  const session = parseSdp(response.body);
  const url = parseRtspUrl(request);
  if (url === undefined) throw new Error("no URL");
  const context = { request: url, base: response.headers.get("content-base") };
  const choice = chooseTracks(session);
  const video = choice.kind === "chosen" ? choice.video : undefined;
  const sps = video && readParameterSets(video.format)?.sps;
  const size = sps && readSequence(video.codec, sps);
  const sound = choice.kind === "chosen" ? choice.sound?.sound.track : undefined;
  return {
    session: resolveControl(context, session.control),
    media: session.media.map(({ kind, formats, control }) => [
      kind,
      formats.map((of) => `${of.payloadType} ${of.encoding}/${of.clockRate}/${of.channels}`).join(),
      resolveControl(context, control),
    ]),
    video: size ? `${video.codec} ${size.width}x${size.height} ${size.fps}` : choice.kind,
    sound: sound && `${sound.codec}/${sound.clockRate}/${sound.channels}`,
  };
};

describeWithCaptures("descriptions of real cameras", () => {
  it.each<[string, string, unknown]>([
    [
      "dahua_describe_h264_aac_onvif",
      "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif",
      {
        session: "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/",
        media: [
          [
            "video",
            "96 H264/90000/1",
            "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=0",
          ],
          [
            "audio",
            "97 MPEG4-GENERIC/48000/1",
            "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=1",
          ],
          [
            "application",
            "107 VND.ONVIF.METADATA/90000/1",
            "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=4",
          ],
        ],
        video: "h264 704x480 15",
        sound: "aac/48000/1",
      },
    ],
    [
      "dahua_describe_h265_pcma",
      "rtsp://10.0.0.7/cam/realmonitor?channel=1&subtype=2",
      {
        session: "rtsp://10.0.0.7/cam/realmonitor?channel=1&subtype=2/",
        media: [
          ["video", "98 H265/90000/1", "rtsp://10.0.0.7/cam/realmonitor?channel=1&subtype=2/trackID=0"],
          ["audio", "8 PCMA/8000/1", "rtsp://10.0.0.7/cam/realmonitor?channel=1&subtype=2/trackID=1"],
        ],
        video: "h265 704x480 12",
        sound: "pcma/8000/1",
      },
    ],
    [
      "hikvision_describe",
      "rtsp://camera/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
      {
        session: "rtsp://camera/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
        media: [
          [
            "video",
            "96 H264/90000/1",
            "rtsp://camera/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
          ],
          [
            "application",
            "107 VND.ONVIF.METADATA/90000/1",
            "rtsp://camera/Streaming/Channels/101/trackID=3?transportmode=unicast&profile=Profile_1",
          ],
        ],
        video: "h264 1920x1080 30",
        sound: undefined,
      },
    ],
    [
      "reolink_describe",
      "rtsp://192.168.5.206:554/h264Preview_01_main",
      {
        session: "rtsp://192.168.5.206:554/h264Preview_01_main/",
        media: [
          ["video", "96 H264/90000/1", "rtsp://192.168.5.206:554/h264Preview_01_main/trackID=1"],
          ["audio", "97 MPEG4-GENERIC/16000/1", "rtsp://192.168.5.206:554/h264Preview_01_main/trackID=2"],
        ],
        video: "h264 2560x1440 0",
        sound: "aac/16000/1",
      },
    ],
    [
      "reolink_describe_control_first",
      "rtsp://192.168.5.206/h264Preview_01_main",
      {
        session: "rtsp://192.168.5.206/h264Preview_01_main/",
        media: [
          ["video", "96 H264/90000/1", "rtsp://192.168.5.206/h264Preview_01_main/trackID=1"],
          ["audio", "97 MPEG4-GENERIC/16000/1", "rtsp://192.168.5.206/h264Preview_01_main/trackID=2"],
        ],
        video: "h264 2560x1440 0",
        sound: "aac/16000/1",
      },
    ],
  ])("%s", (name, request, meaning) => {
    const response = responseOf(name);
    expect(response.status).toBe(200);
    expect(meaningOf(response, request)).toEqual(meaning);
  });

  it("tplink_sdp, with its odd media line", () => {
    const session = parseSdp(bytesOf("tplink_sdp"));
    expect(session.name).toBe('Session streamed by "TP-LINK RTSP Server"');
    expect(
      session.media.map(({ kind, control, formats }) => [
        kind,
        control,
        formats.map(({ payloadType, encoding, clockRate }) => [payloadType, encoding, clockRate]),
      ]),
    ).toEqual([
      ["video", "track1", [[96, "H265", 90_000]]],
      ["audio", "track2", [[8, "PCMA", 8_000]]],
      ["application", "track3", [[95, "TP-LINK", 90_000]]],
    ]);
    expect(session.media[0]?.formats[0]?.parameters.get("sprop-pps")).toBe("RAHAcvAbJA==");
    const choice = chooseTracks(session);
    if (choice.kind !== "chosen") throw new Error("nothing to show");
    expect(choice.sound?.sound.track).toMatchObject({ codec: "pcma", clockRate: 8_000 });
    const sets = readParameterSets(choice.video.format);
    // The size and rate that ffmpeg's trace_headers reads in it.
    expect(sets && readSequence("h265", sets.sps)).toMatchObject({ width: 2_560, height: 1_440, fps: 15, reorder: 0 });
  });
});

describeWithCaptures("answers of real cameras", () => {
  it.each<[string, string, number | undefined, unknown]>([
    ["dahua_setup", "634214675641", 60, [0, 1, 0x30a98ee7]],
    ["hikvision_setup", "708345999", 60, [0, 1, 0x4cacc3d1]],
    ["hikvision_setup_ssrc_space", "708886412", 60, [0, 1, 0xd6d6627]],
    ["reolink_setup", "F8F8E425", undefined, [0, 1, undefined]],
  ])("to SETUP: %s", (name, id, timeoutS, channels) => {
    const { status, headers } = responseOf(name);
    expect(status).toBe(200);
    expect(parseSessionHeader(headers.get("session") ?? "")).toEqual({ id, timeoutS });
    const transport = parseTransport(headers.get("transport") ?? "");
    expect(transport.interleaved).toBe(true);
    expect([transport.rtpChannel, transport.rtcpChannel, transport.ssrc]).toEqual(channels);
  });

  it.each<[string, string, unknown]>([
    [
      "dahua_play",
      "634214684047",
      [
        ["trackID=0", 47_121, 3_475_222_385, undefined],
        ["trackID=1", 45_186, 2_234_446_919, undefined],
        ["trackID=4", 36_583, 816_418_535, undefined],
      ],
    ],
    [
      "hikvision_play",
      "708345999",
      [
        [
          "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
          24_104,
          1_270_711_678,
          undefined,
        ],
      ],
    ],
    [
      "reolink_play",
      "F8F8E425",
      [
        ["trackID=1", 16_852, 1_070_938_629, 0xdcc4a0d8],
        ["trackID=2", 39_409, 3_075_976_528, 0x9fc9fff8],
      ],
    ],
  ])("to PLAY: %s", (name, id, info) => {
    const { headers } = responseOf(name);
    expect(parseSessionHeader(headers.get("session") ?? "")?.id).toBe(id);
    const tracks = parseRtpInfo(headers.get("rtp-info") ?? "");
    expect(tracks.map(({ url, sequence, timestamp, ssrc }) => [url, sequence, timestamp, ssrc])).toEqual(info);
  });

  it("to OPTIONS and TEARDOWN", () => {
    const options = responseOf("dahua_options").headers;
    expect(options.get("public")).toBe(
      "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, TEARDOWN, SET_PARAMETER, GET_PARAMETER",
    );
    expect(options.get("cseq")).toBe("5");
    expect(responseOf("reolink_teardown")).toMatchObject({ status: 200, reason: "OK" });
  });

  it("are all of them read here", () => {
    const read = readFileSync(new URL(import.meta.url), "utf8");
    const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(read).toContain(`"${name.slice(0, -".txt".length)}`);
  });
});
