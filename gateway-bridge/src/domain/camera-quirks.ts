import type { AudioCodec } from "./track.ts";

/** What a camera needs that its protocols do not tell. */
export interface CameraQuirks {
  /** What its media is to travel by, whatever it agrees to. */
  readonly transport?: "tcp" | "udp";
  /** About the way to its loudspeaker. */
  readonly talk?: TalkQuirks;
  /** Viewers that it serves of one stream, all programs together. */
  readonly sessions?: number;
}

export interface TalkQuirks {
  /** Parameters that its stream's address must have for a way back to be offered. */
  readonly query?: Readonly<Record<string, string>>;
  /** What its loudspeaker really plays, of all that it offers. */
  readonly codecs?: readonly AudioCodec[];
  /** It refuses a second talker's session as if it could not do it at all. */
  readonly single?: boolean;
}

/** What the table looks a camera up by; empty where it is not known. */
export interface CameraModel {
  readonly manufacturer: string;
  readonly model: string;
  /** Of its stream. */
  readonly url: string;
}

/** What the client puts up with from every camera, since it costs nothing where it is not needed. Each has a test of its name. */
export type Tolerance =
  | "two Digest challenges"
  | "sequence 0 in RTP-Info"
  | "sequence 1 in RTP-Info, always"
  | "a space before the SSRC"
  | "media before the answer to PLAY"
  | "an SSRC in RTP-Info only"
  | "packets of an old session"
  | "channels that were never set up"
  | "parameter sets with the marker of a picture's end"
  | "datagrams of 10,000 bytes"
  | "a space after CSeq"
  | "CSeq in one case only"
  | "no answer without a User-Agent"
  | "several session names"
  | "broken connection and time lines"
  | "a format described in another section"
  | "a media line without a payload type"
  | "a scheme twice"
  | "a base without a scheme"
  | "a slash too many"
  | "payload types that nobody asked for"
  | "a transport without /TCP"
  | "551 to the way back";

export interface QuirkRow {
  readonly brand: string;
  /** Matches the manufacturer, and, where they are given, model and stream address too. */
  readonly manufacturer: RegExp;
  readonly model?: RegExp;
  /** Tells the brand by itself, for cameras of which only the stream is known. */
  readonly url?: RegExp;
  readonly quirks?: CameraQuirks;
  readonly tolerated?: readonly Tolerance[];
}

/** Every known quirk in one place. What comes later wins. */
export const quirkTable: readonly QuirkRow[] = [
  {
    brand: "Hikvision",
    manufacturer: /hikvision/i,
    // https://github.com/AlexxIT/go2rtc/pull/2344 (Digest), https://github.com/scottlamb/retina/blob/main/src/client/parse.rs (its captures)
    tolerated: ["two Digest challenges", "sequence 0 in RTP-Info", "a space before the SSRC"],
  },
  {
    brand: "Dahua and Amcrest",
    manufacturer: /dahua|amcrest/i,
    url: /\/cam\/realmonitor\b/i,
    // https://github.com/AlexxIT/go2rtc/blob/master/pkg/rtsp/client.go (a second talker), https://github.com/AlexxIT/go2rtc/issues/49
    quirks: { talk: { query: { unicast: "true", proto: "Onvif" }, single: true } },
  },
  {
    brand: "Dahua door stations",
    manufacturer: /dahua|amcrest/i,
    model: /\bVTO|\bAD\d{3}/i,
    // https://github.com/koush/scrypted/pull/1273
    quirks: { talk: { query: { unicast: "true", proto: "Onvif" }, single: true, codecs: ["pcma"] } },
  },
  {
    brand: "Reolink",
    manufacturer: /reolink/i,
    // https://github.com/scottlamb/retina/blob/main/src/client/mod.rs, https://github.com/AlexxIT/go2rtc/blob/master/pkg/h264/rtp.go
    tolerated: [
      "media before the answer to PLAY",
      "an SSRC in RTP-Info only",
      "packets of an old session",
      "channels that were never set up",
      "parameter sets with the marker of a picture's end",
    ],
  },
  {
    brand: "Tapo",
    manufacturer: /tp-?link|tapo/i,
    // https://github.com/koush/scrypted/issues/417 (viewers), https://github.com/AlexxIT/go2rtc/blob/master/pkg/h264/rtp.go,
    // https://github.com/scottlamb/retina/blob/main/src/client/mod.rs (RTP-Info), https://github.com/AlexxIT/go2rtc/blob/master/pkg/rtsp/helpers.go
    quirks: { sessions: 2 },
    tolerated: [
      "sequence 1 in RTP-Info, always",
      "parameter sets with the marker of a picture's end",
      "datagrams of 10,000 bytes",
      "a media line without a payload type",
    ],
  },
  {
    brand: "Wyze and others built on live555",
    manufacturer: /wyze|dafang|live555/i,
    // https://github.com/scottlamb/retina/blob/main/src/client/mod.rs (SessionGroup), https://github.com/EliasKotlyar/Xiaomi-Dafang-Hacks/issues/351
    quirks: { sessions: 3 },
    tolerated: ["packets of an old session", "channels that were never set up"],
  },
  {
    brand: "Axis",
    manufacturer: /\baxis\b/i,
    // https://github.com/koush/scrypted/issues/1989
    tolerated: ["551 to the way back"],
  },
  {
    brand: "Longse",
    manufacturer: /longse/i,
    // https://github.com/scottlamb/retina/blob/main/src/client/parse.rs
    tolerated: ["a space after CSeq"],
  },
  {
    brand: "Anjvision",
    manufacturer: /anjvision/i,
    // https://github.com/scottlamb/moonfire-nvr/issues/356
    tolerated: ["a base without a scheme"],
  },
  {
    brand: "GeoVision",
    manufacturer: /geovision/i,
    // https://github.com/scottlamb/retina/blob/main/src/client/parse.rs
    tolerated: ["payload types that nobody asked for"],
  },
  {
    brand: "Escam",
    manufacturer: /escam/i,
    // https://github.com/AlexxIT/go2rtc/blob/master/pkg/rtsp/client.go
    tolerated: ["a transport without /TCP"],
  },
  {
    brand: "Verint",
    manufacturer: /verint/i,
    // https://github.com/AlexxIT/go2rtc/issues/1236
    tolerated: ["a slash too many"],
  },
  {
    brand: "cameras sold under many names",
    manufacturer: /^(?:ip ?camera|ipc|h264|general|network|vikylin|anpviz)$/i,
    // https://github.com/AlexxIT/go2rtc/issues/7, https://github.com/AlexxIT/go2rtc/issues/235, https://github.com/AlexxIT/WebRTC/issues/417,
    // https://github.com/AlexxIT/go2rtc/issues/1426, https://github.com/AlexxIT/WebRTC/issues/419, https://github.com/AlexxIT/go2rtc/issues/830
    tolerated: [
      "CSeq in one case only",
      "no answer without a User-Agent",
      "several session names",
      "broken connection and time lines",
      "a format described in another section",
      "a scheme twice",
    ],
  },
];

/** What is known of such a camera. */
export const quirksOf = ({ manufacturer, model, url }: CameraModel): CameraQuirks => {
  const matches = (row: QuirkRow): boolean =>
    (row.manufacturer.test(manufacturer) && (row.model?.test(model) ?? true)) ||
    (manufacturer === "" && row.url !== undefined && row.url.test(url));
  return Object.assign({}, ...quirkTable.filter(matches).map(({ quirks }) => quirks)) as CameraQuirks;
};
