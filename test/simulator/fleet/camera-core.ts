import type { DigestAlgorithm } from "../digest-guard.ts";
import type { LiveFeed } from "../live-feed.ts";
import { OnvifEvents } from "../onvif-events.ts";
import { TokenGuard } from "../token-guard.ts";
import { Accounts, type LockRule } from "./accounts.ts";
import { faces, type Face } from "./brands.ts";
import type { CameraState, Plane } from "./camera-state.ts";
import { LoginDoor } from "./login-door.ts";
import type { Quirks } from "./quirks.ts";

export interface CoreOptions {
  readonly address: string;
  readonly state: CameraState;
  /** Where its events are subscribed to: `https://127.77.1.2`. */
  readonly origin: string;
  /** Milliseconds since the epoch, as everybody else knows it. */
  readonly now: () => number;
  /** Operations that are answered as if they were done, and are not; true for all. */
  readonly lies: boolean | readonly string[];
  /** When an account is locked. */
  readonly lock: () => LockRule | undefined;
  readonly feed: LiveFeed | undefined;
  /** An address of the interface on which it hears multicast. */
  readonly multicast: string | undefined;
  readonly quirks: Quirks;
  /** Brings the ports in line with the settings; resolves when they are. */
  readonly settle: () => Promise<void>;
  readonly reboot: () => void;
}

/** How often a camera was asked what. */
export interface RequestCounts {
  onvif: number;
  http: number;
  rtsp: number;
  /** PLAY granted; nothing that only looks plays. */
  plays: number;
  snapshots: number;
  /** By operation: `GetUsers`. */
  readonly operations: Map<string, number>;
}

/** What all servers of one camera share: its settings, its users, its clock. */
export class CameraCore {
  readonly address: string;
  readonly face: Face;
  readonly state: CameraState;
  readonly now: () => number;
  readonly feed: LiveFeed | undefined;
  readonly multicast: string | undefined;
  readonly quirks: Quirks;
  readonly accounts: Accounts;
  readonly web: LoginDoor;
  readonly rtsp: LoginDoor;
  readonly tokens: TokenGuard;
  readonly counts: RequestCounts = { onvif: 0, http: 0, rtsp: 0, plays: 0, snapshots: 0, operations: new Map() };
  readonly events: OnvifEvents;
  readonly reboot: () => void;
  /** Where new firmware is waited for: the last part of the path. */
  upload: string | undefined;
  lies: boolean | readonly string[];
  /** What it is told is in its settings alone: its ports stay as they are. */
  feigns = false;
  readonly #settle: () => Promise<void>;

  constructor(options: CoreOptions) {
    const { state, now, lock } = options;
    this.address = options.address;
    this.state = state;
    this.face = faces[state.brand];
    this.now = now;
    this.feed = options.feed;
    this.multicast = options.multicast;
    this.quirks = options.quirks;
    this.lies = options.lies;
    this.reboot = options.reboot;
    this.#settle = options.settle;
    // Dahua counts device accounts and ONVIF accounts apart.
    this.accounts = new Accounts({ state, now, lock, locksApart: state.brand === "dahua" });
    this.events = new OnvifEvents({ origin: options.origin, now: () => this.cameraNow });
    const { accounts, face } = this;
    // The best first (RFC 7616 3.7); clients that know MD5 alone, such as ffmpeg, take the last.
    const algorithms = (): DigestAlgorithm[] =>
      (["sha-256", "md5"] as const).filter((name) => state.login.enabled.includes(name.toUpperCase()));
    this.web = new LoginDoor({ accounts, realm: face.realm, algorithms, basic: () => false });
    this.rtsp = new LoginDoor({ accounts, realm: face.realm, algorithms, basic: () => state.login.rtspBasic });
    this.tokens = new TokenGuard({
      passwordOf: (username) => accounts.find("onvif", username)?.password,
      now: () => this.cameraNow,
      get toleranceMs() {
        return state.replayProtection ? 60_000 : Number.POSITIVE_INFINITY;
      },
      get refuseTokenReplay() {
        return state.replayProtection;
      },
    });
  }

  /** What its own clock shows. */
  get cameraNow(): number {
    return this.now() + this.state.clock.offsetMs;
  }

  /** Whether everybody may do everything, because nobody has set it up (Profile Q). */
  get openToAll(): boolean {
    return !this.state.initialised && this.face.uninitialised === "profile-q";
  }

  /** The list of users that counts in a place. */
  plane(of: Plane): Plane {
    return this.face.twoPlanes ? of : "onvif";
  }

  /** Changes the settings, and the ports with them; a lying camera says that it has, and one that feigns is set so and behaves as before. */
  async change<T>(operation: string, make: () => T | Promise<T>): Promise<T> {
    const lie = this.lies === true || (this.lies !== false && this.lies.includes(operation));
    const before = lie ? structuredClone(this.state) : undefined;
    const result = await make();
    if (before !== undefined) Object.assign(this.state, before);
    if (!this.feigns) await this.#settle();
    return result;
  }

  note(text: string): void {
    this.state.log.push(`${new Date(this.cameraNow).toISOString()} ${text}`);
    if (this.state.log.length > 200) this.state.log.shift();
  }

  /** As after a restart: sessions, nonces and locks are gone. */
  forget(): void {
    this.web.forget();
    this.rtsp.forget();
    this.accounts.forget();
    this.events.clear();
  }
}
