import {
  GatehouseError,
  isGatehouseError,
  Name,
  readTlsPin,
  Secret,
  withDeadline,
  type AddCamera,
  type CameraId,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";

import type { CameraDescription, CameraRecord, Credentials } from "../domain/camera.ts";
import type { OpenSource, ProbeTalk } from "../ports.ts";
import { freshMemories, type AuthMemories } from "./auth-memories.ts";
import { parseCameraAddress, type CameraAddress } from "./camera-address.ts";
import type { NewCamera } from "./camera-store.ts";
import { parseFingerprint, readableFingerprint } from "./fingerprint.ts";
import { inspectSource, withPicture } from "./inspect-source.ts";
import { OnvifDriver } from "./onvif-driver.ts";
import { RtspDriver } from "./rtsp-driver.ts";
import { StillDriver } from "./still-driver.ts";

export interface AdoptionOptions {
  readonly id: CameraId;
  readonly openSource: OpenSource;
  readonly probeTalk: ProbeTalk;
  readonly clock: Clock;
  /** Throws `camera-exists` for an address that is taken; asked before the camera is. */
  readonly checkNew: (url: string) => void;
}

const pinTimeoutMs = 10_000;

/**
 * Gets to know a camera and proves that it can be guarded: it answers, it is the one that the owner means (its key is confirmed),
 * it takes the login for ONVIF and for RTSP, and it has video to show; or it shows a still picture at the very address. Nothing is stored here.
 * @throws GatehouseError `request-invalid`, `camera-exists`, `camera-unreachable`, `camera-credentials`,
 * `camera-fingerprint-unconfirmed` (details.fingerprint, details.readable), `camera-foreign-host`, `camera-no-video`, ...
 */
export const adopt = async (
  request: AddCamera & { readonly warm: boolean },
  options: AdoptionOptions,
  cancel: Cancellable,
): Promise<NewCamera> => {
  const address = parseCameraAddress(request.address);
  const attempt: Attempt = {
    ...options,
    credentials: readCredentials(request),
    confirmed: request.fingerprint === undefined ? undefined : parseFingerprint(request.fingerprint),
  };
  const { kind, url, pin, memories, description } = await meet(address, attempt, cancel);
  return {
    record: {
      id: options.id,
      name: request.name ?? nameOf(description, url),
      kind,
      url: url.href,
      pin,
      authFloor: memories.rtsp.floor,
      // Still pictures have no stream to keep open.
      warm: request.warm && kind !== "still",
      description,
    },
    credentials: attempt.credentials,
    floors: { onvif: memories.onvif.floor, snapshot: memories.snapshot.floor, rtsp: memories.rtsp.floor },
  };
};

interface Attempt extends AdoptionOptions {
  readonly credentials: Credentials | undefined;
  /** The pin that the owner confirmed. */
  readonly confirmed: string | undefined;
}

interface Found {
  readonly url: URL;
  readonly pin: string | null;
  readonly memories: AuthMemories;
  readonly description: CameraDescription;
}

const readCredentials = ({ username, password }: AddCamera): Credentials | undefined => {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || username === "") {
    throw new GatehouseError("request-invalid", "A password was given without a user name.", {
      details: { field: "username" },
    });
  }
  return { username, password: Secret.of(password ?? "") };
};

const meet = async (
  address: CameraAddress,
  attempt: Attempt,
  cancel: Cancellable,
): Promise<Found & Pick<CameraRecord, "kind">> => {
  if (address.kind === "rtsp") return { kind: "rtsp", ...(await meetRtsp(address.url, attempt, cancel)) };
  const still = address.picture && (await meetStill(address.picture, attempt, cancel));
  if (still !== undefined) return { kind: "still", ...still };
  return { kind: "onvif", ...(await meetFirst(address.candidates, attempt, cancel)) };
};

/** Undefined where the address answers something that is no picture, unless its very name promises one. */
const meetStill = async (url: URL, attempt: Attempt, cancel: Cancellable): Promise<Found | undefined> => {
  attempt.checkNew(url.href);
  const pin = url.protocol === "https:" ? await confirmPin(url, attempt, cancel) : null;
  const memories = freshMemories();
  const { credentials, clock } = attempt;
  await using driver = new StillDriver({ url, pin, credentials, clock, memory: memories.snapshot });
  try {
    return { url, pin, memories, description: await driver.describe(cancel) };
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    const { code, details } = error;
    const location = details["location"];
    if (pin === null && typeof location === "string") {
      return await meetStill(Object.assign(new URL(location), { search: url.search }), attempt, cancel);
    }
    const other = ["camera-answer-malformed", "camera-answer-too-large", "camera-fault"].includes(code);
    if (!other || details["endless"] === true || /\.jpe?g$/i.test(url.pathname)) throw error;
    return undefined;
  }
};

const meetRtsp = async (url: URL, attempt: Attempt, cancel: Cancellable): Promise<Found> => {
  attempt.checkNew(url.href);
  const pin = url.protocol === "rtsps:" ? await confirmPin(url, attempt, cancel) : null;
  const memories = freshMemories();
  const { id: camera, credentials, openSource, probeTalk } = attempt;
  await using driver = new RtspDriver({ camera, url, pin, credentials, openSource, memory: memories.rtsp });
  const described = await driver.describe(cancel);
  const talk = await probeTalk(await driver.endpoint("main"), cancel);
  return { url, pin, memories, description: { ...described, talk } };
};

/** The first address at which an ONVIF device answers; the first answer that is none of ONVIF tells the most if there is none. */
const meetFirst = async (candidates: readonly URL[], attempt: Attempt, cancel: Cancellable): Promise<Found> => {
  const failures: GatehouseError[] = [];
  for (const url of candidates) {
    try {
      return await meetOnvif(url, attempt, cancel);
    } catch (error) {
      if (!isGatehouseError(error) || !isNobody(error)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  throw (
    failures.find(({ code }) => code === "camera-answer-malformed") ??
    first ??
    new GatehouseError("request-invalid", "The address leads nowhere.")
  );
};

/** Nothing listens there, or something that does not know ONVIF. A host that does not answer at all is not asked again. */
const isNobody = ({ code, details }: GatehouseError): boolean =>
  (code === "camera-unreachable" && details["disconnected"] === false) ||
  (code === "camera-answer-malformed" && typeof details["status"] === "number");

const meetOnvif = async (url: URL, attempt: Attempt, cancel: Cancellable): Promise<Found> => {
  attempt.checkNew(url.href);
  const pin = url.protocol === "https:" ? await confirmPin(url, attempt, cancel) : null;
  try {
    return await lookAround({ url, pin }, attempt, cancel);
  } catch (error) {
    const location = isGatehouseError(error) ? error.details["location"] : undefined;
    // The camera sends plain HTTP on to its TLS port: begin again there, where its key must be confirmed.
    if (pin !== null || typeof location !== "string") throw error;
    return meetOnvif(new URL(location), attempt, cancel);
  }
};

const lookAround = async (
  { url, pin }: Pick<Found, "url" | "pin">,
  attempt: Attempt,
  cancel: Cancellable,
): Promise<Found> => {
  const { id: camera, credentials, clock, openSource, probeTalk } = attempt;
  const memories = freshMemories();
  await using driver = new OnvifDriver({ camera, url, pin, credentials, clock, memories });
  const described = await driver.describe(cancel);
  if (!described.tiers.some(({ codec }) => codec === "h264" || codec === "h265")) {
    throw new GatehouseError("camera-no-video", "none of the camera's profiles is H.264 or H.265");
  }
  const endpoint = await driver.endpoint("main", cancel);
  const stream = new URL(endpoint.url);
  if (stream.protocol === "rtsps:" && pin === null) {
    return await lookAround({ url, pin: await confirmPin(stream, attempt, cancel) }, attempt, cancel);
  }
  // What the stream itself says is truer than the profile; but a source names only sound that it can bring.
  const { audio, picture } = await inspectSource(openSource, endpoint, cancel);
  const tiers = described.tiers.map((tier) => (tier.name === "main" ? withPicture(tier, picture) : tier));
  return {
    url,
    pin,
    memories,
    description: {
      ...described,
      tiers,
      audio: audio === "none" ? described.audio : audio,
      talk: await probeTalk(endpoint, cancel),
    },
  };
};

const ports: Readonly<Record<string, number>> = { "https:": 443, "rtsps:": 322 };

/** The camera's key, once the owner has confirmed that it is the camera's. */
const confirmPin = async (url: URL, { clock, confirmed }: Attempt, { signal }: Cancellable): Promise<string> => {
  const place = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (ports[url.protocol] ?? 443),
    unreachable: "camera-unreachable",
  } as const;
  const limit = {
    clock,
    ms: pinTimeoutMs,
    what: "the camera's certificate",
    code: "camera-unreachable",
    signal,
  } as const;
  const pin = await withDeadline(limit, (cancel) => readTlsPin(place, cancel));
  if (pin === confirmed) return pin;
  const readable = readableFingerprint(pin);
  const why = confirmed === undefined ? "" : ", which is not the one that was confirmed";
  throw new GatehouseError(
    "camera-fingerprint-unconfirmed",
    `The camera at ${url.host} shows a key with the fingerprint ${readable}${why}.`,
    { details: { fingerprint: pin, readable } },
  );
};

/** What the camera calls itself, as far as that makes a name. */
const nameOf = ({ manufacturer, model }: CameraDescription, url: URL): string => {
  const told = [...new Set([manufacturer, model])].join(" ").trim().slice(0, 64);
  const name = Name.safeParse(told);
  return name.success ? name.data : url.hostname.slice(0, 64);
};
