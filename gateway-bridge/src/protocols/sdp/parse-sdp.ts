import { GatehouseError } from "@gatehouse/shared";

import type { Direction, MediaDescription, MediaFormat, SessionDescription } from "./session-description.ts";
import { staticFormat, type Encoding } from "./static-payload-types.ts";

/** Longest description taken, in bytes. */
export const maxSdpBytes = 64 * 1024;
const maxSections = 32;
const maxFormats = 64;

type Parameters = ReadonlyMap<string, string>;

/** A section while it is read: the session's own (without media line), or one of media. */
interface Section {
  readonly kind: string;
  readonly protocol: string;
  readonly payloadTypes: readonly number[];
  readonly encodings: Map<number, Encoding>;
  readonly parameters: Map<number, Parameters>;
  control: string | undefined;
  direction: Direction | undefined;
  keyManagement: string | undefined;
}

/**
 * Reads a session description as cameras write it: lines ended by CR LF, LF or CR, unknown and damaged lines passed over,
 * formats described in another section than their own.
 * @throws GatehouseError `camera-answer-too-large` beyond 64 KiB, `camera-answer-malformed` where it is no SDP at all
 */
export const parseSdp = (bytes: Buffer): SessionDescription => {
  if (bytes.length > maxSdpBytes) {
    throw new GatehouseError("camera-answer-too-large", "the camera's stream description is longer than 64 KiB");
  }
  const lines = bytes.toString("latin1").split(/[\r\n\0]+/);
  const session = openSection("");
  const media: Section[] = [];
  let name: string | undefined;
  let isSdp = false;
  for (const line of lines) {
    const value = line.slice(2).trim();
    switch (line.slice(0, 2)) {
      case "v=":
        isSdp = true;
        break;
      case "s=":
        name ??= value;
        break;
      case "m=":
        isSdp = true;
        if (media.length < maxSections) media.push(openSection(value));
        break;
      case "a=":
        readAttribute(media.at(-1) ?? session, value);
        break;
    }
  }
  if (!isSdp) throw new GatehouseError("camera-answer-malformed", "the camera's stream description is no SDP");
  const closed = media.map((section) => closeSection(section, [session, ...media]));
  return { name: name ?? "", control: session.control, media: closed };
};

/** @param line `video 0 RTP/AVP 96 97`. RFC 8866 5.14 */
const openSection = (line: string): Section => {
  const [kind = "", , protocol = "", ...formats] = line.split(/\s+/, maxFormats + 3);
  return {
    // TP-Link writes `application/TP-LINK`.
    kind: kind.toLowerCase().split("/", 1)[0] ?? "",
    protocol,
    payloadTypes: [...new Set(formats.map(payloadType).filter((type) => type !== undefined))],
    encodings: new Map(),
    parameters: new Map(),
    control: undefined,
    direction: undefined,
    keyManagement: undefined,
  };
};

const payloadType = (text: string): number | undefined => {
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const type = Number(text);
  return type < 128 ? type : undefined;
};

const directions: ReadonlySet<string> = new Set<Direction>(["sendrecv", "sendonly", "recvonly", "inactive"]);
const isDirection = (text: string): text is Direction => directions.has(text);

const readAttribute = (section: Section, attribute: string): void => {
  const colon = attribute.indexOf(":");
  const name = (colon < 0 ? attribute : attribute.slice(0, colon)).trim().toLowerCase();
  const value = colon < 0 ? "" : attribute.slice(colon + 1).trim();
  if (isDirection(name)) section.direction ??= name;
  else if (name === "control" && value !== "") section.control ??= value;
  else if (name === "key-mgmt" && value !== "") section.keyManagement ??= value;
  else if (name === "rtpmap") readRtpMap(section, value);
  else if (name === "fmtp") readFormatParameters(section, value);
};

const splitFormat = (value: string): readonly [type: number | undefined, rest: string] => {
  const [type = ""] = value.split(/\s/, 1);
  return [payloadType(type), value.slice(type.length).trim()];
};

/** @param value `96 H264/90000`. RFC 8866 6.6 */
const readRtpMap = ({ encodings }: Section, value: string): void => {
  const [type, rest] = splitFormat(value);
  if (type === undefined || encodings.has(type) || encodings.size >= maxFormats) return;
  const [name = "", rate = "", channels = ""] = rest.split("/", 3).map((part) => part.trim());
  encodings.set(type, { encoding: name.toUpperCase(), clockRate: count(rate, 0), channels: count(channels, 1) });
};

const count = (text: string, otherwise: number): number =>
  /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : otherwise;

/** @param value `96 packetization-mode=1; profile-level-id=42e01e`. RFC 8866 6.15 */
const readFormatParameters = ({ parameters }: Section, value: string): void => {
  const [type, rest] = splitFormat(value);
  if (type === undefined || parameters.has(type) || parameters.size >= maxFormats) return;
  const read = new Map<string, string>();
  for (const part of rest.split(";", maxFormats)) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== "" && !read.has(name)) read.set(name, equals < 0 ? "" : part.slice(equals + 1).trim());
  }
  parameters.set(type, read);
};

const closeSection = (section: Section, all: readonly Section[]): MediaDescription => {
  const { kind, protocol, control, payloadTypes, encodings } = section;
  // TP-Link's `m=application/TP-LINK 0 RTP/AVP smart/1/90000` names its payload type in the rtpmap alone.
  const types = payloadTypes.length > 0 ? payloadTypes : [...encodings.keys()];
  return {
    kind,
    protocol,
    control,
    // Without a word of its own, the session's holds, and else both ways: RFC 8866 6.7.
    direction: section.direction ?? all[0]?.direction ?? "sendrecv",
    keyManagement: section.keyManagement ?? all[0]?.keyManagement,
    formats: types.map((type) => closeFormat(type, section, all)),
  };
};

const nothing: Parameters = new Map();

const closeFormat = (type: number, section: Section, all: readonly Section[]): MediaFormat => {
  // Some cameras describe a format at the end of another section; one that uses the number itself means its own.
  const describing = [section, ...all.filter((other) => other !== section && !other.payloadTypes.includes(type))];
  const find = <T>(look: (other: Section) => T | undefined): T | undefined =>
    describing.map(look).find((found) => found !== undefined);
  const encoding = find((other) => other.encodings.get(type)) ?? staticFormat(type);
  return { payloadType: type, ...encoding, parameters: find((other) => other.parameters.get(type)) ?? nothing };
};
