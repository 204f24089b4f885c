import { randomBytes } from "node:crypto";

import type { DigestAlgorithm } from "./digest-guard.ts";
import type { VideoCodec } from "./nal.ts";
import type { TlsIdentity } from "./rtsp-server.ts";
import type { SoundCodec } from "./sound.ts";

export interface SimulatorOptions {
  /** 1 to 32 characters of ASCII, written into every stamp. Default: random. */
  readonly id?: string | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  readonly username?: string;
  readonly password?: string;
  /** 0 (the default) for any. */
  readonly onvifPort?: number;
  readonly rtspPort?: number;
  /** Of the main stream; default 4000. Too low for the clip means no fill. */
  readonly bitrateKbps?: number;
  /** What lifts the pictures to the bit rate: filler, which a gateway may leave out, or user data, which it must pass on. Default filler. */
  readonly fill?: "filler" | "user-data";
  readonly subBitrateKbps?: number;
  /** A microphone's track, in both streams. Default none. */
  readonly audio?: "none" | SoundCodec;
  /** Of both streams. Default H.264. ONVIF calls either H.264: its Media 1 knows no other name. */
  readonly codec?: VideoCodec;
  /** Challenges that are offered, in this order. Default SHA-256, then MD5. */
  readonly digest?: readonly DigestAlgorithm[];
  /** False for the older Digest form of RFC 2069. Default true. */
  readonly qop?: boolean;
  /** Offers Basic as well. Default false. */
  readonly basic?: boolean;
  readonly nonceLifetimeMs?: number;
  /** Refuses a UsernameToken whose nonce was used before. Default true; some clients repeat them. */
  readonly refuseTokenReplay?: boolean;
  readonly rtspTimeoutS?: number;
  /** The host that ONVIF names for the streams, if not the camera's own: what a hijacked camera does. */
  readonly streamHost?: string;
  /** Serves HTTPS and RTSPS instead. */
  readonly tls?: TlsIdentity;
  /** Answers WS-Discovery probes at this interface address and port, multicast and unicast. Default false. */
  readonly discovery?: false | { readonly address: string; readonly port: number };
}

const defaults = {
  host: "127.0.0.1",
  username: "viewer",
  password: "correct horse",
  onvifPort: 0,
  rtspPort: 0,
  bitrateKbps: 4_000,
  subBitrateKbps: 500,
  fill: "filler",
  audio: "none",
  codec: "h264",
  digest: ["sha-256", "md5"],
  qop: true,
  basic: false,
  nonceLifetimeMs: 300_000,
  refuseTokenReplay: true,
  rtspTimeoutS: 60,
  discovery: false,
} as const satisfies SimulatorOptions;

export type SimulatorSettings = Required<Omit<SimulatorOptions, "tls" | "streamHost">> &
  Pick<SimulatorOptions, "tls" | "streamHost">;

/** The options with their defaults. */
export const settle = (options: SimulatorOptions): SimulatorSettings => {
  // An undefined value must not hide a default.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { id: `sim-${randomBytes(4).toString("hex")}`, ...defaults, ...(given as SimulatorOptions) };
  if (!/^[!-~]{1,32}$/.test(settings.id)) throw new Error("the id must be 1 to 32 printable ASCII characters");
  return settings;
};
