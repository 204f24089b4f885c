/** What makes an offer of a test differ from a browser's usual one. */
export interface OfferOptions {
  /** `rtpmap` and `fmtp` by payload type; the lowest comes first. */
  readonly video?: Readonly<Record<number, readonly [map: string, parameters?: string]>>;
  readonly audio?: Readonly<Record<number, readonly [map: string, parameters?: string]>>;
  readonly audioDirection?: string;
  readonly candidates?: readonly string[];
  readonly bundle?: boolean;
  readonly dataChannel?: boolean;
}

const h264 = (profile: string, mode = 1): readonly [string, string] => [
  "H264/90000",
  `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
];

/** As Chromium offers it. */
export const chromiumVideo = {
  96: ["VP8/90000"],
  97: ["rtx/90000", "apt=96"],
  102: h264("42001f"),
  104: h264("42001f", 0),
  108: h264("42e01f"),
  116: h264("4d001f"),
  41: h264("f4001f"),
  45: ["AV1/90000", "level-idx=5;profile=0;tier=0"],
} as const;
export const chromiumAudio = {
  111: ["opus/48000/2", "minptime=10;useinbandfec=1"],
  9: ["G722/8000"],
  0: ["PCMU/8000"],
  8: ["PCMA/8000"],
} as const;
/** As Safari offers it. */
export const safariVideo = {
  96: h264("640c1f"),
  98: h264("42e01f"),
  100: ["H265/90000", "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST"],
} as const;

const fingerprint = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, "0")).join(":");

const transport = [
  "a=ice-ufrag:Xk3f",
  "a=ice-pwd:0123456789abcdefghijkl+/",
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${fingerprint.toUpperCase()}`,
  "a=setup:actpass",
];

const section = (
  kind: string,
  mid: string,
  formats: NonNullable<OfferOptions["video"]>,
  direction: string,
  candidates: readonly string[],
): readonly string[] => [
  `m=${kind} 9 UDP/TLS/RTP/SAVPF ${Object.keys(formats).join(" ")}`,
  "c=IN IP4 0.0.0.0",
  "a=rtcp:9 IN IP4 0.0.0.0",
  ...candidates.map((candidate) => `a=candidate:${candidate}`),
  ...transport,
  `a=mid:${mid}`,
  "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
  `a=${direction}`,
  "a=rtcp-mux",
  "a=rtcp-rsize",
  ...Object.entries(formats).flatMap(([type, [map, parameters]]) => [
    `a=rtpmap:${type} ${map}`,
    ...(kind === "video" ? ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"] : ["transport-cc"]).map(
      (feedback) => `a=rtcp-fb:${type} ${feedback}`,
    ),
    ...(parameters === undefined ? [] : [`a=fmtp:${type} ${parameters}`]),
  ]),
];

const dataSection = (mid: string): readonly string[] => [
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 0.0.0.0",
  ...transport,
  `a=mid:${mid}`,
  "a=sctp-port:5000",
];

/** An offer as browsers write it: picture (mid 0), sound (1), and a data channel (2) where asked for. */
export const makeOffer = (options: OfferOptions = {}): string => {
  const { video = chromiumVideo, audio = chromiumAudio, audioDirection = "recvonly" } = options;
  const { candidates = ["1 1 udp 2113937151 192.168.1.20 54321 typ host generation 0"], bundle = true } = options;
  const mids = ["0", "1", ...(options.dataChannel === true ? ["2"] : [])];
  const lines = [
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    ...(bundle ? [`a=group:BUNDLE ${mids.join(" ")}`] : []),
    "a=msid-semantic: WMS",
    ...section("video", "0", video, "recvonly", candidates),
    ...section("audio", "1", audio, audioDirection, candidates),
    ...(options.dataChannel === true ? dataSection("2") : []),
  ];
  return `${lines.join("\r\n")}\r\n`;
};
