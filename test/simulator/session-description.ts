import type { Clip } from "./clip.ts";
import type { Sound } from "./sound.ts";

/** The SDP of one tier (RFC 4566, RFC 6184 8.2.1, RFC 7587 7). */
export const describeSession = ({ sps, pps }: Clip, sound: Sound | undefined): string =>
  [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=Gatehouse camera simulator",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    `a=fmtp:96 packetization-mode=1;profile-level-id=${sps.toString("hex", 1, 4)};` +
      `sprop-parameter-sets=${sps.toString("base64")},${pps.toString("base64")}`,
    "a=control:trackID=0",
    ...(sound === undefined
      ? []
      : [
          `m=audio 0 RTP/AVP ${sound.payloadType}`,
          `a=rtpmap:${sound.payloadType} ${sound.encoding}`,
          "a=control:trackID=1",
        ]),
    "",
  ].join("\r\n");
