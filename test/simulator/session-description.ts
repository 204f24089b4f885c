import type { Clip } from "./clip.ts";
import type { Sound } from "./sound.ts";

const base64 = (nal: Buffer | undefined): string => nal?.toString("base64") ?? "";

/** RFC 6184 8.2.1, RFC 7798 7.2.1 */
const videoFormat = ({ codec, vps, sps, pps }: Clip): string[] =>
  codec === "h264"
    ? [
        "a=rtpmap:96 H264/90000",
        `a=fmtp:96 packetization-mode=1;profile-level-id=${sps.toString("hex", 1, 4)};` +
          `sprop-parameter-sets=${base64(sps)},${base64(pps)}`,
      ]
    : [
        "a=rtpmap:96 H265/90000",
        `a=fmtp:96 sprop-vps=${base64(vps)};sprop-sps=${base64(sps)};sprop-pps=${base64(pps)}`,
      ];

/** The SDP of one tier (RFC 4566, RFC 7587 7, RFC 3640 4.3). */
export const describeSession = (clip: Clip, sound: Sound | undefined): string =>
  [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=Gatehouse camera simulator",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
    "m=video 0 RTP/AVP 96",
    ...videoFormat(clip),
    "a=control:trackID=0",
    ...(sound === undefined
      ? []
      : [
          `m=audio 0 RTP/AVP ${sound.payloadType}`,
          `a=rtpmap:${sound.payloadType} ${sound.encoding}`,
          ...(sound.parameters === undefined ? [] : [`a=fmtp:${sound.payloadType} ${sound.parameters}`]),
          "a=control:trackID=1",
        ]),
    "",
  ].join("\r\n");
