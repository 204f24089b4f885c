import type { CameraId, CameraKind, Cancellable, Clock, GatehouseError, Secret } from "@gatehouse/shared";

import type { Credentials } from "../../domain/camera.ts";
import type { CameraGuesses } from "./camera-guesses.ts";
import type { StreamedBody } from "../../protocols/http/http-client.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ServerHello } from "../../protocols/tls/broken-hello.ts";
import type { FoundStream } from "./find-streams.ts";

/** Who made a camera, as far as it says so, and what that means for how it is spoken to. */
export const vendors = ["hikvision", "dahua", "reolink", "axis", "tapo", "wyze", "foscam", "other"] as const;
export type Vendor = (typeof vendors)[number];

/** What a camera says of itself. Texts are as the camera wrote them. */
export interface CameraIdentity {
  readonly vendor: Vendor;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
}

/**
 * As whom a question is asked. `guess` may be wrong, so it takes one of the few wrong passwords that the budget allows for that account,
 * before it is sent; one that turns out right is given back. A `secret` one is nobody else's to know, unlike the factory's: it is sent as the gateway's
 * own is. The gateway's own login is right as far as it knows.
 */
export type ProbeLogin =
  | { readonly kind: "nobody" }
  | { readonly kind: "gateway" }
  | { readonly kind: "guess"; readonly username: string; readonly password: Secret; readonly secret?: boolean };

/** ONVIF, on the camera's own device service. */
export interface OnvifProbe {
  /**
   * A caller that logs in like this. `nobody` sends no credentials, whatever the camera asks, and a refusal is `camera-credentials`.
   * @throws GatehouseError as OnvifSession.open; `probe-refused` where the budget does not allow it
   */
  as(login: ProbeLogin, cancel: Cancellable): Promise<OnvifCaller>;
  /** Sends the very same UsernameToken twice, and one that is so old; whether each was taken. Undefined where the camera takes no tokens. */
  replay(ageMs: number, cancel: Cancellable): Promise<{ readonly twice: boolean; readonly old: boolean } | undefined>;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower case names; several of a name are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 KiB of it. */
  readonly body: Buffer;
}

/** A login that is told in a request's body, and how the answer says that it was right. */
export interface BodyLogin {
  readonly body: (login: Credentials) => Buffer;
  readonly isTaken: (answer: Buffer) => boolean;
}

/** The camera's web servers. */
export interface HttpProbe {
  /**
   * @param to `path` begins with "/"; `port` and `secure` are the device service's unless told
   * @throws GatehouseError `camera-unreachable`, `probe-refused`, ... ; a 401 is an answer
   */
  request(
    to: {
      readonly method: "GET" | "POST" | "PUT" | "SUBSCRIBE" | "UNSUBSCRIBE";
      readonly path: string;
      readonly port?: number;
      readonly secure?: boolean;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Buffer | StreamedBody;
      /** For the whole exchange; 10 s unless told. */
      readonly timeoutMs?: number;
      /** Bytes of the answer's body beyond which it is cut off; 64 KiB unless told. */
      readonly limit?: number;
      /** For a camera that takes a login in no other way; `body` is not sent then. What is no guess goes out within TLS alone. */
      readonly signIn?: BodyLogin;
    },
    login: ProbeLogin,
    cancel: Cancellable,
  ): Promise<HttpAnswer>;
}

export interface RtspAnswer {
  readonly status: number;
  /** Each WWW-Authenticate header, as it came. */
  readonly challenges: readonly string[];
  readonly body: string;
}

/** The camera's RTSP server. Nothing is ever played. */
export interface RtspProbe {
  /**
   * OPTIONS, DESCRIBE and, where that is answered, SETUP of the first track and TEARDOWN; the answer of the last that was asked for.
   * @param to a path with its query, at the main stream's server (port 554 in clear where there is no stream), or at another port of the camera
   */
  describe(
    to: string | { readonly path: string; readonly port: number; readonly secure: boolean },
    login: ProbeLogin,
    cancel: Cancellable,
  ): Promise<RtspAnswer & { readonly setUp: boolean }>;
}

/** How a port answers. */
export type Knock =
  /** What it said by itself: at most 256 bytes, within a second. */
  { readonly kind: "open"; readonly banner: string } | { readonly kind: "closed" } | { readonly kind: "silent" };

export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  /** SHA-256 of the key, base64url. */
  readonly pin: string;
  readonly keyType: string;
  readonly keyBits: number;
  readonly signature: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Ports, and what is said at them without a login. */
export interface PortProbe {
  tcp(port: number, cancel: Cancellable): Promise<Knock>;
  /**
   * From which address of this computer a connection to that port comes: what the camera sees, where nothing lies between that changes it.
   * @throws GatehouseError `camera-unreachable`
   */
  ownAddress(port: number, cancel: Cancellable): Promise<string>;
  /** One datagram there, the first answer within two seconds from that very host; undefined if none came. At most 2 KiB. */
  udp(port: number, datagram: Buffer, cancel: Cancellable): Promise<Buffer | undefined>;
  /** A handshake by the oldest protocol and weakest ciphers that are asked for, closed at once. Undefined where it was refused. */
  tls(
    port: number,
    offer: {
      readonly minVersion: "TLSv1" | "TLSv1.2";
      readonly maxVersion: "TLSv1.1" | "TLSv1.3";
      readonly ciphers?: string;
    },
    cancel: Cancellable,
  ): Promise<TlsFacts | undefined>;
  /** What it takes of what nobody should speak any more: SSL 3.0, and ciphers that are broken. @throws GatehouseError `camera-unreachable` */
  brokenTls(port: number, cancel: Cancellable): Promise<readonly ServerHello[]>;
}

/**
 * One camera, as checks see it. Everything that goes to it goes through one budget: its owner's consent, private addresses only, four
 * connections, one new one in 250 ms, two wrong passwords an account in 35 minutes. Questions that several checks ask are answered once.
 */
export interface ProbedCamera {
  readonly id: CameraId;
  readonly kind: CameraKind;
  readonly name: string;
  /** A literal address. */
  readonly host: string;
  /** The device service, or the RTSP URL of a camera without one. */
  readonly device: URL;
  readonly pin: string | null;
  readonly identity: CameraIdentity;
  /** The gateway's own account there; undefined where the camera asks for none. */
  readonly username: string | undefined;
  /** The account that its streams are opened with: `username`, unless it has one for that alone. */
  readonly streamUsername: string | undefined;
  /** Whether the gateway's own password there is this one. Compared in memory: nothing is sent, so it is no guess. */
  ownPasswordIs(password: Secret): boolean;
  /** Keys of the home's other devices, as they are pinned. */
  readonly otherPins: readonly string[];
  readonly streams: readonly FoundStream[];
  readonly snapshot: URL | undefined;
  readonly onvif: OnvifProbe;
  readonly http: HttpProbe;
  readonly rtsp: RtspProbe;
  readonly ports: PortProbe;
  readonly guesses: CameraGuesses;
  readonly clock: Clock;
  /** Answers from memory what was asked under this key during this look. Failures are remembered, too. */
  once<T>(key: string, ask: () => Promise<T>): Promise<T>;
}

/** Whether the failure says that the camera wants a login: an answer, not a fault. */
export const isRefusal = ({ code }: GatehouseError): boolean => code === "camera-credentials";
