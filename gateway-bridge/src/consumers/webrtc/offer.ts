import { GatehouseError } from "@gatehouse/shared";

import { staticFormat } from "../../protocols/sdp/static-payload-types.ts";

/** Which way media flows, seen from the one who wrote it. RFC 8866 6.7 */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** One encoding of a media section. */
export interface OfferedFormat {
  readonly payloadType: number;
  /** Upper-case: `H264`, `OPUS`. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  /** Of `a=fmtp`, by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Of `a=rtcp-fb`: `nack`, `nack pli`, `ccm fir`. */
  readonly feedback: ReadonlySet<string>;
}

/** One `m=` section. */
export interface OfferedMedia {
  /** `audio`, `video`, `application`. */
  readonly kind: string;
  readonly protocol: string;
  /** The payload types or formats, as they were written. */
  readonly formatList: string;
  readonly mid: string;
  readonly direction: Direction;
  /** RTP and RTCP share one port. RFC 5761 */
  readonly rtcpMux: boolean;
  readonly formats: readonly OfferedFormat[];
  /** The sources of what the viewer sends. RFC 5576 4.1 */
  readonly ssrcs: readonly number[];
}

/** How the other side is reached and proves who it is. */
export interface PeerTransport {
  readonly ufrag: string;
  readonly password: string;
  readonly fingerprint: Fingerprint;
  readonly setup: "actpass" | "active" | "passive";
}

/** Of the DTLS certificate. RFC 8122 5 */
export interface Fingerprint {
  readonly algorithm: "sha-256" | "sha-384" | "sha-512";
  /** Upper-case hex with colons. */
  readonly value: string;
}

/** What a viewer's browser offers. Everything in it was checked for form, so that it can be written into another SDP. */
export interface Offer {
  readonly media: readonly OfferedMedia[];
  /** Mids that share one transport, the first one's. RFC 9143 */
  readonly bundle: readonly string[];
  readonly transport: PeerTransport;
  /** Contents of `a=candidate`, unchecked. */
  readonly candidates: readonly string[];
}

/** Longest offer in characters: browsers write some 8,000. */
export const maxOfferSize = 48 * 1024;
const maxSections = 16;
const maxFormats = 96;
const maxCandidates = 64;
const maxSources = 8;
/** Lines of feedback for one format. */
const maxFeedback = 32;

const malformed = (why: string): GatehouseError =>
  new GatehouseError("request-invalid", `The SDP offer cannot be used: ${why}.`);

type Attributes = readonly (readonly [name: string, value: string])[];

interface Section {
  readonly line: string;
  readonly attributes: Attributes;
}

/** Whatever another parser may take for the end of a line, but for the ends that are read as such here. */
const unsafe = /(?!\r?\n|\t)[\p{Cc}\p{Zl}\p{Zp}]/u;

/** @throws GatehouseError `request-invalid` with what is wrong, in words */
export const parseOffer = (sdp: string): Offer => {
  if (sdp.length > maxOfferSize) throw malformed(`it is longer than ${maxOfferSize} characters`);
  if (unsafe.test(sdp)) throw malformed("it holds control characters");
  const [session, ...sections] = split(sdp);
  if (session === undefined || !sdp.startsWith("v=0")) throw malformed("it does not begin with v=0");
  if (sections.length === 0) throw malformed("it has no media section");
  if (sections.length > maxSections) throw malformed(`it has more than ${maxSections} media sections`);
  const media = sections.map(readMedia);
  if (new Set(media.map(({ mid }) => mid)).size < media.length)
    throw malformed("two of its sections have the same mid");
  const bundle = readBundle(session, media);
  const order = bundle.length === 0 ? sections : bundle.flatMap((mid) => sections[indexOf(media, mid)] ?? []);
  return { media, bundle, transport: readTransport(session, order), candidates: readCandidates([session, ...order]) };
};

const indexOf = (media: readonly OfferedMedia[], mid: string): number => media.findIndex((each) => each.mid === mid);

const split = (sdp: string): readonly Section[] => {
  const sections: { line: string; attributes: [string, string][] }[] = [{ line: "", attributes: [] }];
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith("m=")) sections.push({ line: line.slice(2), attributes: [] });
    if (!line.startsWith("a=")) continue;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line.slice(2) : line.slice(2, colon);
    sections.at(-1)?.attributes.push([name, colon < 0 ? "" : line.slice(colon + 1)]);
  }
  return sections;
};

const find = ({ attributes }: Section, name: string): string | undefined =>
  attributes.find(([key]) => key === name)?.[1];

/** RFC 8866 9: what may stand in another SDP without changing its meaning. */
const token = /^[\w!#$%&'*+.^`{|}~-]{1,64}$/;
const directions: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

const readMedia = (section: Section): OfferedMedia => {
  const [kind = "", port = "", protocol = "", ...list] = section.line.trim().split(/ +/, maxFormats + 3);
  const mid = find(section, "mid") ?? "";
  const words = [kind, ...protocol.split("/"), ...list];
  if (!/^\d{1,5}$/.test(port) || list.length === 0 || !words.every((word) => token.test(word)))
    throw malformed("a media line is damaged");
  if (!token.test(mid)) throw malformed("a section has no mid");
  const direction = directions.find((each) => find(section, each) !== undefined) ?? "sendrecv";
  const rtcpMux = find(section, "rtcp-mux") !== undefined;
  const formats = readFormats(section, list);
  return { kind, protocol, formatList: list.join(" "), mid, direction, rtcpMux, formats, ssrcs: readSsrcs(section) };
};

const readFormats = (section: Section, list: readonly string[]): readonly OfferedFormat[] => {
  const types = new Set(list.filter((text) => /^\d{1,3}$/.test(text) && Number(text) < 128).map(Number));
  const about = (name: string): ReadonlyMap<string, readonly string[]> =>
    Map.groupBy(
      section.attributes.filter(([key]) => key === name).map(([, value]) => value),
      (value) => value.split(" ", 1)[0] ?? "",
    );
  const [maps, parameters, feedback] = [about("rtpmap"), about("fmtp"), about("rtcp-fb")];
  const rest = (value: string): string => value.slice(value.indexOf(" ") + 1).trim();
  const feedbackOf = (key: string): readonly string[] => feedback.get(key)?.slice(0, maxFeedback).map(rest) ?? [];
  const forAll: ReadonlySet<string> = new Set(feedbackOf("*"));
  return [...types].map((payloadType) => {
    const key = String(payloadType);
    const own = feedbackOf(key);
    return {
      payloadType,
      ...readEncoding(maps.get(key)?.map(rest)[0], payloadType),
      parameters: readParameters(parameters.get(key)?.map(rest)[0] ?? ""),
      feedback: own.length === 0 ? forAll : new Set([...own, ...forAll]),
    };
  });
};

const readSsrcs = ({ attributes }: Section): readonly number[] => {
  const found = attributes.flatMap(([name, value]) => {
    const ssrc = name === "ssrc" ? Number(/^\d{1,10}(?= )/.exec(value)?.[0]) : NaN;
    return ssrc < 2 ** 32 ? [ssrc] : [];
  });
  return [...new Set(found)].slice(0, maxSources);
};

type Encoding = Pick<OfferedFormat, "encoding" | "clockRate" | "channels">;

/** @param text `opus/48000/2`. RFC 8866 6.6 */
const readEncoding = (text: string | undefined, payloadType: number): Encoding => {
  if (text === undefined) return staticFormat(payloadType);
  const [, name = "", rate = "0", channels = "1"] = /^([\w.-]{1,32})\/(\d{1,7})(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  return { encoding: name.toUpperCase(), clockRate: Number(rate), channels: Number(channels) };
};

/** @param text `packetization-mode=1;profile-level-id=42e01f`. RFC 8866 6.15 */
const readParameters = (text: string): ReadonlyMap<string, string> => {
  const pairs = text.split(";", 32).map((part) => part.split("=", 2).map((word) => word.trim()));
  return new Map(pairs.flatMap(([name = "", value = ""]) => (name === "" ? [] : [[name.toLowerCase(), value]])));
};

const readBundle = (session: Section, media: readonly OfferedMedia[]): readonly string[] => {
  const groups = session.attributes.filter(([name]) => name === "group").map(([, value]) => value.trim().split(/ +/));
  const mids = groups.find(([semantics]) => semantics === "BUNDLE")?.slice(1) ?? [];
  return [...new Set(mids)].filter((mid) => indexOf(media, mid) >= 0);
};

const iceText = /^[A-Za-z0-9+/]+$/;
const setups = ["actpass", "active", "passive"] as const;
/** Digests in bytes. The weaker ones of RFC 8122 are not taken. */
const digests = { "sha-256": 32, "sha-384": 48, "sha-512": 64 } as const;

/** Of the first section that says it all, or the session's. RFC 8839 5.4, RFC 8842 5 */
const readTransport = (session: Section, sections: readonly Section[]): PeerTransport => {
  const whole = sections.find((section) => find(section, "ice-ufrag") !== undefined) ?? session;
  const of = (name: string): string => (find(whole, name) ?? find(session, name) ?? "").trim();
  const [ufrag, password] = [of("ice-ufrag"), of("ice-pwd")];
  const fits = (text: string, least: number): boolean =>
    iceText.test(text) && text.length >= least && text.length <= 256;
  if (!fits(ufrag, 4) || !fits(password, 22)) throw malformed("its ICE user name and password are missing or damaged");
  const setup = setups.find((each) => each === of("setup"));
  if (setup === undefined) throw malformed("it does not say who begins DTLS");
  return { ufrag, password, fingerprint: readFingerprint(of("fingerprint")), setup };
};

const readFingerprint = (text: string): Fingerprint => {
  const [name = "", digest = ""] = text.split(/ +/, 2);
  const algorithm = (Object.keys(digests) as Fingerprint["algorithm"][]).find((each) => each === name.toLowerCase());
  const value = digest.toUpperCase();
  if (
    algorithm === undefined ||
    !/^[0-9A-F]{2}(:[0-9A-F]{2})*$/.test(value) ||
    value.length !== 3 * digests[algorithm] - 1
  )
    throw malformed("the fingerprint of its certificate is missing or damaged");
  return { algorithm, value };
};

const readCandidates = (sections: readonly Section[]): readonly string[] => {
  const all = sections.flatMap(({ attributes }) => attributes.filter(([name]) => name === "candidate"));
  return [...new Set(all.map(([, value]) => value))].slice(0, maxCandidates);
};
