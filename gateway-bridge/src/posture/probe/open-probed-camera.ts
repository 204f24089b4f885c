import {
  GatehouseError,
  isGatehouseError,
  systemCode,
  type Cancellable,
  type Clock,
  type Secret,
} from "@gatehouse/shared";
import { isIP } from "node:net";

import type { CameraRecord } from "../../domain/camera.ts";
import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { deviceOf } from "../same-device-policy.ts";
import { vendorOf, type VendorClues } from "../vendor-policy.ts";
import { guessesThrough } from "./camera-guesses.ts";
import { furtherClues } from "./further-clues.ts";
import { findStreams, type FoundStream, type FoundStreams } from "./find-streams.ts";
import { GuardedHttp } from "./http-probe.ts";
import { GuardedOnvif } from "./onvif-probe.ts";
import type { OwnLogins } from "./own-logins.ts";
import { GuardedPorts } from "./port-probe.ts";
import type { InspectedCameras } from "./ports.ts";
import type { CameraGate, ProbeBudget } from "./probe-budget.ts";
import { ProbeLogins } from "./probe-logins.ts";
import type { CameraIdentity, ProbedCamera } from "./probed-camera.ts";
import { recognise } from "./recognise.ts";
import { GuardedRtsp } from "./rtsp-probe.ts";

export interface ProbedCameraOptions {
  readonly record: CameraRecord;
  readonly cameras: InspectedCameras;
  readonly budget: ProbeBudget;
  readonly ownLogins: OwnLogins;
  readonly clock: Clock;
  /** Asks nothing and logs in nowhere: what is known of the camera is what was stored, because its password is in doubt. */
  readonly unasked?: boolean;
  /** The address of a name, once; what it leads to later is not asked. */
  readonly resolve: (name: string, cancel: Cancellable) => Promise<string>;
}

/** A camera under inspection. It is to be let go when the look is over. */
export interface OpenProbedCamera extends ProbedCamera, Disposable {
  /** The same without what it remembers of the look so far. */
  afresh(): ProbedCamera;
}

/**
 * Finds out who a camera is and where its streams are, all of it through the budget.
 * @throws GatehouseError `inspection-not-allowed`, `camera-unreachable` where nothing of the host answers, `probe-refused`, or the signal's reason
 */
export const openProbedCamera = async (
  options: ProbedCameraOptions,
  cancel: Cancellable,
): Promise<OpenProbedCamera> => {
  const { record, budget, resolve } = options;
  const url = new URL(record.url);
  const written = url.hostname.replace(/^\[|\]$/g, "");
  const literal = isIP(written) !== 0;
  const host = literal ? written : await resolve(written, cancel);
  const gate = budget.gate({ camera: record.id, host, literal: literal || written === "localhost" });
  const device = at(url, gate.place.host);
  using opening = new DisposableStack();
  const probing = { ...options, gate, device };
  const tools = opening.use(openTools(probing));
  const known = await identify(probing, tools, cancel);
  opening.move();
  return new Probed(probing, tools, known);
};

interface Probing extends ProbedCameraOptions {
  readonly gate: CameraGate;
  readonly device: URL;
}

interface Tools extends Disposable {
  readonly logins: ProbeLogins;
  readonly onvif: GuardedOnvif;
}

interface Known {
  readonly identity: CameraIdentity;
  readonly found: FoundStreams;
}

const openTools = ({ record, cameras, gate, device, ownLogins, clock }: Probing): Tools => {
  const credentials = cameras.credentials(record.id);
  const streams = cameras.streamCredentials?.(record.id);
  const memories = cameras.memories(record.id);
  const logins = new ProbeLogins({ gate, own: ownLogins, credentials, streams, memories, clock });
  const onvif = new GuardedOnvif({ device, pin: record.pin, gate, logins, clock });
  return { logins, onvif, [Symbol.dispose]: () => onvif[Symbol.dispose]() };
};

/** At the literal address, which is where every connection goes. */
const at = (url: URL, host: string): URL => {
  const moved = new URL(url);
  moved.hostname = isIP(host) === 6 ? `[${host}]` : host;
  return moved;
};

const identify = async (probing: Probing, tools: Tools, cancel: Cancellable): Promise<Known> => {
  const { record, device, unasked = false } = probing;
  const { manufacturer, model, firmware, serial } = record.description;
  const told = { manufacturer, model, firmware, serial };
  const stored = findKnown(probing);
  if (record.kind !== "onvif" || unasked) return { identity: named(told, { stream: device.pathname }), found: stored };
  const caller = await unlessSilent(tools.onvif.as({ kind: "gateway" }, cancel));
  const information = caller && (await unlessSilent(getDeviceInformation(caller, cancel)));
  // Whoever refuses the first question refuses the second, and counts the login once more.
  if (caller === undefined || information === undefined) {
    return { identity: await recognised(told, probing, tools, cancel), found: stored };
  }
  const secure = record.secureStreams ?? false;
  const found = (await unlessSilent(findStreams(caller, { secure }, cancel))) ?? stored;
  const stream = found.streams[0]?.url.pathname;
  const clues = stream === undefined ? {} : { stream };
  const known = named(information, clues);
  if (known.vendor !== "other") return { identity: known, found };
  const further = await unlessSilent(furtherClues(caller, cancel));
  return { identity: named(information, { ...clues, ...further }), found };
};

/** Undefined for what the camera does not answer, or not to the gateway. */
const unlessSilent = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (!isGatehouseError(error) || isGone(error)) throw error;
    return undefined;
  }
};

/** By what was stored, or else by its pages. */
const recognised = async (
  told: Told,
  { record: { pin }, gate, device, clock }: Probing,
  { logins }: Tools,
  cancel: Cancellable,
): Promise<CameraIdentity> => {
  const known = named(told, {});
  if (known.vendor !== "other" || told.manufacturer !== "") return known;
  const http = new GuardedHttp({ page: pageOf(device), pin, gate, logins, clock });
  return { ...told, vendor: await recognise(http, cancel) };
};

/** Nothing answers: then all else would only wait in vain, check after check. */
const isGone = (error: GatehouseError): boolean => {
  const final = ["aborted", "inspection-not-allowed", "camera-foreign-host"];
  if (final.includes(error.code)) return true;
  if (error.code !== "camera-unreachable" || error.details["disconnected"] === true) return false;
  // Something answered, though not what was asked for.
  const refused = ["ECONNREFUSED", "ECONNRESET", "EPIPE"];
  return !refused.includes(systemCode(error.cause) ?? "");
};

type Told = Omit<CameraIdentity, "vendor">;

const named = (told: Told, clues: Pick<VendorClues, "stream" | "scopes" | "mac">): CameraIdentity => ({
  ...told,
  vendor: vendorOf({ manufacturer: told.manufacturer, model: told.model, ...clues }),
});

/** What is known without asking. */
const findKnown = ({ record: { kind }, device }: Probing): FoundStreams => ({
  streams: kind === "rtsp" ? [{ tier: "main", url: device }] : [],
  snapshot: kind === "still" ? device : undefined,
});

class Probed implements OpenProbedCamera {
  readonly id: ProbedCamera["id"];
  readonly kind: ProbedCamera["kind"];
  readonly name: string;
  readonly host: string;
  readonly device: URL;
  readonly pin: string | null;
  readonly identity: CameraIdentity;
  readonly username: string | undefined;
  readonly streamUsername: string | undefined;
  readonly otherPins: readonly string[];
  readonly streams: readonly FoundStream[];
  readonly snapshot: URL | undefined;
  readonly onvif: GuardedOnvif;
  readonly http: GuardedHttp;
  readonly rtsp: GuardedRtsp;
  readonly ports: GuardedPorts;
  readonly guesses: ProbedCamera["guesses"];
  readonly clock: Clock;
  readonly #probing: Probing;
  readonly #tools: Tools;
  readonly #known: Known;
  readonly #memory = new Map<string, Promise<unknown>>();

  constructor(probing: Probing, tools: Tools, known: Known) {
    const { record, gate, device, cameras, clock } = probing;
    const { id, kind, name, pin } = record;
    const { logins } = tools;
    this.#probing = probing;
    this.#tools = tools;
    this.#known = known;
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.pin = pin;
    this.host = gate.place.host;
    this.device = device;
    this.identity = known.identity;
    this.streams = known.found.streams;
    this.snapshot = known.found.snapshot;
    this.username = cameras.credentials(id)?.username;
    this.streamUsername = cameras.streamCredentials?.(id)?.username ?? this.username;
    const others = cameras.list().filter((other) => deviceOf(other) !== deviceOf(record));
    this.otherPins = others.flatMap((other) => other.pin ?? []);
    this.clock = clock;
    const common = { pin, gate, logins, clock };
    this.onvif = tools.onvif;
    this.http = new GuardedHttp({ ...common, page: pageOf(device) });
    this.rtsp = new GuardedRtsp({ ...common, server: serverOf(known.found.streams[0]?.url) });
    this.ports = new GuardedPorts({ gate, clock });
    this.guesses = guessesThrough(gate);
  }

  ownPasswordIs(password: Secret): boolean {
    const own = this.#probing.cameras.credentials(this.id);
    return own !== undefined && own.password.reveal() === password.reveal();
  }

  once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = (this.#memory.get(key) as Promise<T> | undefined) ?? ask();
    this.#memory.set(key, known);
    known.catch(() => undefined);
    return known;
  }

  afresh(): ProbedCamera {
    return new Probed(this.#probing, this.#tools, this.#known);
  }

  [Symbol.dispose](): void {
    this.#tools[Symbol.dispose]();
  }
}

/** A camera without a device service has its pages where web servers are. */
const pageOf = (device: URL): URL =>
  device.protocol === "http:" || device.protocol === "https:" ? device : new URL(`http://${device.hostname}/`);

const serverOf = (stream: URL | undefined): { readonly port: number; readonly secure: boolean } => {
  const secure = stream?.protocol === "rtsps:";
  const written = stream?.port ?? "";
  return { secure, port: written === "" ? (secure ? 322 : 554) : Number(written) };
};
