import { createPrivateKey, generateKeyPairSync } from "node:crypto";

import { LiveFeed } from "../live-feed.ts";
import type { LoginProtocol } from "./accounts.ts";
import { OwnAddress } from "./address.ts";
import { faces, type Brand } from "./brands.ts";
import { CameraCore, type RequestCounts } from "./camera-core.ts";
import { CameraPorts, type ConnectionCounts } from "./camera-ports.ts";
import type { CameraState, Plane } from "./camera-state.ts";
import { initialState, reusedPassword, strongPassword } from "./initial-state.ts";
import { snapshotUri, streamUri } from "./onvif/media.ts";
import type { Quirks } from "./quirks.ts";
import { pinOf, selfSigned, servedIdentity, toPem, type TlsFlaw } from "./tls-keys.ts";
import { truthOf } from "./truth.ts";
import type { Truth, Weaknesses } from "./weaknesses.ts";
import { Wire } from "./wire.ts";

/*
 * A simulated camera that remembers: what is set stays set, what is switched off is really off, on its real ports (80, 443, 554, ...) of a
 * loopback address of its own. Root is needed for those. How to use it:
 *
 *   await using camera = await FleetCamera.open({ brand: "hikvision", weaknesses: { "NET-TELNET": true, "CAM-PWD-DEFAULT": true } });
 *   camera.facts      where it is and how the gateway logs in: onvifUrl, rtspUrl, snapshotUrl, username, password, pin
 *   camera.truth      each weakness: weak, sound, or such a camera cannot have it (two may come together: see weaknesses.ts)
 *   camera.knows("onvif", "admin", "12345")   whether that login works now, on ONVIF or on the web pages and RTSP ("web")
 *   camera.counts     wrong passwords by account and protocol, connections, requests by operation, plays
 *   camera.state      its settings; read them to see what a remedy did. Writing them needs `await camera.settle()`
 *
 * Many at once, from a seed: openFleet() in fleet.ts. In a process of its own: fleet-process.ts. Without `weaknesses` nothing is the matter with it. `lies` answers 200 and changes nothing; `locksOut` locks an account after three wrong
 * passwords over all protocols. A camera is reached by HTTPS where it has that.
 */

export interface FleetCameraOptions {
  /** One of this computer's; default: one of 127.77.0.0/16 that is free. */
  readonly address?: string;
  /** The interface that has that address and is the camera's alone, so that its IPv6 and its router are really switched. Default: none. */
  readonly wire?: string;
  /** The router that it was given, where it was given one (EGRESS). Default 192.168.1.1. */
  readonly router?: string;
  /** Length of its network's prefix. Default 8, all of loopback: who asks from there is of its own network. */
  readonly prefix?: number;
  readonly brand?: Brand;
  readonly weaknesses?: Weaknesses;
  /** The account that the gateway has. Default: one of its own; where the weaknesses say so an administrator. */
  readonly gateway?: { readonly username?: string; readonly password?: string };
  /** Answers as if it did what it is told, and does not; true for everything, or these operations of ONVIF and paths of the vendor. */
  readonly lies?: boolean | readonly string[];
  /** Locks an account for half an hour after three wrong passwords, instead of seven (administrators) and five. */
  readonly locksOut?: boolean;
  /** What is wrong with its TLS, where TLS-WEAK is on. Default `old-protocol`. */
  readonly tlsFlaw?: TlsFlaw;
  /** What RTSP-ANON leaves open. Default all paths. */
  readonly anonymousRtsp?: "all" | "other" | "any";
  /** Default true. A camera without a wire has Wi-Fi, as has one with a weakness of it. */
  readonly wired?: boolean;
  /** Hears multicast (WS-Discovery, SSDP) on the interface of this address, too. Default: unicast alone. */
  readonly multicast?: string;
  /** Odd ways that are no weakness. Default none. */
  readonly quirks?: Quirks;
  /** Sends pictures to who plays. Default false. */
  readonly video?: boolean;
  /** How long it is gone in a reboot. Default 200 ms. */
  readonly rebootMs?: number;
  /** Milliseconds since the epoch: the clock that everybody else goes by. */
  readonly now?: () => number;
}

/** Where a camera is, and what the gateway knows of it. */
export interface FleetFacts {
  readonly address: string;
  readonly brand: Brand;
  /** Its device service, by HTTPS where it has that. */
  readonly onvifUrl: string;
  readonly rtspUrl: string;
  readonly subRtspUrl: string;
  readonly snapshotUrl: string;
  readonly username: string;
  readonly password: string;
  /** The login that may change its settings: the gateway's own where that is an administrator's. */
  readonly administrator: { readonly username: string; readonly password: string };
  /** SHA-256 of the key that it had when it was adopted, base64url; null without TLS. */
  readonly pin: string | null;
}

export interface FleetCounts extends RequestCounts {
  /** Wrong passwords ever, by account. */
  readonly wrongPasswords: Readonly<Record<string, Readonly<Record<LoginProtocol, number>>>>;
  /** Each of them, and when it came. */
  readonly tries: readonly { readonly account: string; readonly protocol: LoginProtocol; readonly at: number }[];
  readonly refusedWhileLocked: number;
  readonly connections: ConnectionCounts;
  readonly reboots: number;
}

const halfAnHour = 30 * 60_000;
const usualLock = { administrator: 7, others: 5, forMs: halfAnHour };
const hardLock = { administrator: 3, others: 3, forMs: halfAnHour };

export class FleetCamera implements AsyncDisposable {
  readonly facts: FleetFacts;
  readonly #core: CameraCore;
  readonly #ports: CameraPorts;
  readonly #resources: AsyncDisposableStack;
  readonly #rebootMs: number;
  readonly #tlsFlaw: TlsFlaw;
  #reboots = 0;
  #rebooting: Promise<void> = Promise.resolve();

  private constructor(
    { core, ports, facts }: { readonly core: CameraCore; readonly ports: CameraPorts; readonly facts: FleetFacts },
    { rebootMs, tlsFlaw }: { readonly rebootMs: number; readonly tlsFlaw: TlsFlaw },
    resources: AsyncDisposableStack,
  ) {
    this.facts = facts;
    this.#core = core;
    this.#ports = ports;
    this.#rebootMs = rebootMs;
    this.#tlsFlaw = tlsFlaw;
    this.#resources = resources;
  }

  static async open(options: FleetCameraOptions = {}): Promise<FleetCamera> {
    await using opening = new AsyncDisposableStack();
    const { address } = opening.use(await OwnAddress.claim(options.address));
    const {
      brand = "other",
      weaknesses = {},
      now = () => Date.now(),
      rebootMs = 200,
      tlsFlaw = "old-protocol",
    } = options;
    const gateway = gatewayAccount(address, options);
    const state = initialState({
      address,
      brand,
      weaknesses,
      gateway,
      prefix: options.prefix ?? 8,
      router: options.router ?? "192.168.1.1",
      tlsFlaw,
      anonymousRtsp: options.anonymousRtsp ?? "all",
      wired: options.wired ?? true,
      now: now(),
    });
    const pin = state.protocols.HTTPS.enabled ? pinOf(servedIdentity(state.tls)!.key) : null;
    if (weaknesses["TLS-PIN-CHANGED"] === true) drawKey(state, address);
    const feed = options.video === true ? opening.use(await openFeed(address)) : undefined;
    const lock = () =>
      options.locksOut === true ? hardLock : state.policy.failureWarning.enabled ? usualLock : undefined;
    const core: CameraCore = new CameraCore({
      ...{ address, state, now, lock, feed, origin: originOf(address, state), lies: options.lies ?? false },
      multicast: options.multicast,
      quirks: options.quirks ?? {},
      settle: () => ports.settle(),
      reboot: () => void opened.reboot(),
    });
    const wire = options.wire === undefined ? undefined : new Wire(options.wire);
    const ports = opening.use(new CameraPorts(core, wire));
    await ports.settle();
    const secure = state.rtsps.enabled && weaknesses["STREAM-CLEAR"] !== true;
    const facts = factsOf(core, gateway, { pin, secure });
    const opened: FleetCamera = new FleetCamera({ core, ports, facts }, { rebootMs, tlsFlaw }, opening.move());
    return opened;
  }

  /** Its settings as they are now. */
  get state(): CameraState {
    return this.#core.state;
  }

  get counts(): FleetCounts {
    const { counts, accounts } = this.#core;
    return {
      ...counts,
      wrongPasswords: Object.fromEntries(accounts.wrong),
      tries: accounts.tries,
      refusedWhileLocked: accounts.refusedWhileLocked,
      connections: this.#ports.connections,
      reboots: this.#reboots,
    };
  }

  /** Which weaknesses it has now, read off its settings: what a remedy mended is sound. */
  get truth(): Truth {
    return truthOf({ ...this.facts, state: this.state, now: this.#core.now() });
  }

  /** What is wrong with its TLS where that is weak. */
  get tlsFlaw(): TlsFlaw {
    return this.#tlsFlaw;
  }

  /** The key that it shows now, as a pin; undefined without TLS. */
  get servedPin(): string | undefined {
    const { protocols, rtsps, tls } = this.state;
    const served = protocols.HTTPS.enabled || rtsps.enabled ? servedIdentity(tls) : undefined;
    return served === undefined ? undefined : pinOf(served.key);
  }

  /** Operations of ONVIF and paths of the vendor that it answers and does not do; true for all. */
  set lies(lies: boolean | readonly string[]) {
    this.#core.lies = lies;
  }

  /** Whether it is set as it is told, and behaves as before: what it switches off stays open. */
  set feigns(feigns: boolean) {
    this.#core.feigns = feigns;
  }

  /** Whether this login works in that place now. */
  knows(plane: Plane, username: string, password: string): boolean {
    return this.#core.accounts.find(this.#core.plane(plane), username)?.password === password;
  }

  /** As when its lock's time is over: no account is locked, and none has seen a wrong password. */
  forgive(): void {
    this.#core.accounts.forget();
  }

  /** Brings the ports in line with `state`. */
  async settle(): Promise<void> {
    await this.#ports.settle();
  }

  /** Draws another key, as a factory reset does, or an impostor. */
  async changeKey(): Promise<void> {
    drawKey(this.state, this.facts.address);
    await this.settle();
  }

  /** Drops every connection, is gone for a while, and comes back with its settings, without locks and sessions. */
  async reboot(downMs = this.#rebootMs): Promise<void> {
    this.#reboots += 1;
    this.#rebooting = this.#rebooting.then(() => this.#restart(downMs));
    await this.#rebooting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rebooting;
    await this.#resources.disposeAsync();
  }

  async #restart(downMs: number): Promise<void> {
    // The answer to who asked for it leaves first.
    await pause(20);
    await this.#ports.shut(true);
    this.#core.forget();
    await pause(downMs);
    await this.#ports.shut(false);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const openFeed = async (camera: string): Promise<LiveFeed> =>
  await LiveFeed.open({
    camera,
    bitrateKbps: 1_000,
    subBitrateKbps: 300,
    audio: "none",
    codec: "h264",
    fill: "filler",
  });

const gatewayAccount = (
  address: string,
  { gateway = {}, weaknesses = {}, brand = "other" }: FleetCameraOptions,
): { readonly username: string; readonly password: string; readonly level: "Administrator" | "User" } => {
  const { username = "gatehouse" } = gateway;
  const reused = weaknesses["CAM-PWD-REUSED"] === true;
  const administrator = weaknesses["CAM-LEASTPRIV"] === true || username === faces[brand].administrator;
  return {
    username,
    password: gateway.password ?? (reused ? reusedPassword : strongPassword(address, username)),
    level: administrator ? "Administrator" : "User",
  };
};

const drawKey = (state: CameraState, address: string): void => {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const { privateKey } = { privateKey: toPem(key) };
  state.tls.keys = [{ id: "key-1", alias: "drawn", privateKey }];
  const pem = selfSigned(address, createPrivateKey(privateKey));
  state.tls.certificates = [{ id: "cert-1", alias: "drawn", key: "key-1", pem }];
  state.tls.paths = [{ id: "path-1", alias: "drawn", certificates: ["cert-1"] }];
  state.tls.assigned = ["path-1"];
};

const administratorOf = (
  { accounts, face }: CameraCore,
  gateway: { readonly username: string; readonly password: string },
): FleetFacts["administrator"] => {
  if (accounts.find("onvif", gateway.username)?.level !== "User") return gateway;
  return { username: face.administrator, password: accounts.find("onvif", face.administrator)?.password ?? "" };
};

const originOf = (address: string, { brand, protocols }: CameraState): string => {
  const { onvifPort } = faces[brand];
  if (protocols.HTTPS.enabled) return `https://${address}`;
  return `http://${address}${onvifPort === 80 ? "" : `:${onvifPort}`}`;
};

const factsOf = (
  core: CameraCore,
  { username, password }: { readonly username: string; readonly password: string },
  { pin, secure }: { readonly pin: string | null; readonly secure: boolean },
): FleetFacts => {
  const { address, face, state } = core;
  const origin = originOf(address, state);
  return {
    address,
    brand: state.brand,
    onvifUrl: origin + face.servicePath,
    rtspUrl: streamUri(core, "main", secure),
    subRtspUrl: streamUri(core, "sub", secure),
    snapshotUrl: snapshotUri(core),
    username,
    password,
    administrator: administratorOf(core, { username, password }),
    pin,
  };
};
