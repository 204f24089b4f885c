import { randomBytes } from "node:crypto";

import type { Offer, OfferedFormat, OfferedMedia, PeerTransport } from "./offer.ts";
import type { Candidate } from "./candidate-policy.ts";
import type { LocalTransport, PeerOptions, PeerTrackPlan } from "./peer-connection.ts";

const mirrored = { sendrecv: "sendrecv", sendonly: "recvonly", recvonly: "sendonly", inactive: "inactive" } as const;

const head = (bundle: readonly string[]): readonly string[] => [
  "v=0",
  // Sixty-two bits, so that it is a number to all. RFC 9429 5.2.1
  `o=- ${(randomBytes(8).readBigUInt64BE() >> 2n).toString()} 1 IN IP4 0.0.0.0`,
  "s=-",
  "t=0 0",
  ...(bundle.length === 0 ? [] : [`a=group:BUNDLE ${bundle.join(" ")}`]),
];

/** What we can act on. */
const feedbackTaken = ["nack", "nack pli", "ccm fir", "goog-remb"];

const formatLines = ({ payloadType, parameters, feedback, ...encoding }: OfferedFormat): readonly string[] => {
  const { clockRate, channels } = encoding;
  const pairs = [...parameters].map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  return [
    `a=rtpmap:${payloadType} ${encoding.encoding}/${clockRate}${channels > 1 ? `/${channels}` : ""}`,
    ...(pairs.length === 0 ? [] : [`a=fmtp:${payloadType} ${pairs.join(";")}`]),
    ...feedbackTaken.filter((each) => feedback.has(each)).map((each) => `a=rtcp-fb:${payloadType} ${each}`),
  ];
};

const transportLines = ({ ufrag, password, fingerprint, setup }: PeerTransport | LocalTransport): readonly string[] => [
  `a=ice-ufrag:${ufrag}`,
  `a=ice-pwd:${password}`,
  `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
  `a=setup:${setup}`,
];

const sectionLines = (
  { kind, mid, format }: PeerTrackPlan,
  direction: PeerTrackPlan["direction"],
  transport: PeerTransport | LocalTransport,
): readonly string[] => [
  `m=${kind} 9 UDP/TLS/RTP/SAVPF ${format.payloadType}`,
  "c=IN IP4 0.0.0.0",
  `a=mid:${mid}`,
  `a=${direction}`,
  "a=rtcp-mux",
  ...transportLines(transport),
  ...formatLines(format),
];

const text = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\n`;

const candidateLine = ({ foundation, priority, address, port }: Candidate): string =>
  `a=candidate:${foundation} 1 udp ${priority} ${address} ${port} typ host`;

/**
 * The offer as an engine gets it: only what was agreed on, in our own words, so that nothing of a stranger's text reaches
 * another parser.
 */
export const engineOffer = ({ remote, candidates, tracks }: PeerOptions): string =>
  text([
    ...head(tracks.map(({ mid }) => mid)),
    ...tracks.flatMap((track) => [
      ...sectionLines(track, mirrored[track.direction], remote),
      ...track.ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:viewer`),
      ...candidates.map(candidateLine),
    ]),
  ]);

/** A track as the answer tells of it. */
export interface AnsweredTrack extends PeerTrackPlan {
  readonly ssrc: number;
}

export interface AnswerOptions {
  readonly offer: Offer;
  readonly tracks: readonly AnsweredTrack[];
  readonly local: LocalTransport;
  /** Names the sender of all tracks, so that they are played in step. RFC 7022 */
  readonly cname: string;
}

// RFC 9429 5.3.1: a section that is not taken has port 0.
const refused = ({ kind, protocol, formatList, mid }: OfferedMedia): readonly string[] => [
  `m=${kind} 0 ${protocol} ${formatList}`,
  "c=IN IP4 0.0.0.0",
  `a=mid:${mid}`,
  "a=inactive",
];

const sendingLines = ({ kind, ssrc, direction }: AnsweredTrack, cname: string): readonly string[] =>
  direction === "sendonly" || direction === "sendrecv"
    ? [`a=msid:gatehouse ${kind}`, `a=ssrc:${ssrc} cname:${cname}`]
    : [];

/** The answer to the viewer: complete with candidates, since nothing follows it. */
export const answerText = ({ offer, tracks, local, cname }: AnswerOptions): string => {
  const taken = offer.media.flatMap(({ mid }) => (tracks.some((track) => track.mid === mid) ? [mid] : []));
  return text([
    ...head(offer.bundle.length === 0 ? [] : taken),
    ...offer.media.flatMap((media) => {
      const track = tracks.find(({ mid }) => mid === media.mid);
      if (track === undefined) return refused(media);
      return [
        ...sectionLines(track, track.direction, local),
        ...sendingLines(track, cname),
        ...local.candidates.map((candidate) => `a=candidate:${candidate}`),
        "a=end-of-candidates",
      ];
    }),
  ]);
};
