import {
  GatehouseError,
  isGatehouseError,
  untilAborted,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type TierName,
} from "@gatehouse/shared";

import type { CameraDescription, Credentials, StreamEndpoint } from "../domain/camera.ts";
import { quirksOf } from "../domain/camera-quirks.ts";
import type { CameraDriver, DriverEvent, Snapshot } from "../ports.ts";
import { Authorizer } from "../protocols/auth/authorizer.ts";
import { LoginLatch } from "../protocols/http/login-latch.ts";
import { RenewingLogin } from "../protocols/http/renewing-login.ts";
import { readMotion } from "../protocols/onvif/motion-policy.ts";
import { OnvifSession } from "../protocols/onvif/onvif-session.ts";
import { pullNotifications } from "../protocols/onvif/pull-notifications.ts";
import type { AuthMemories } from "./auth-memories.ts";
import { decideSurvey } from "./survey-policy.ts";
import { MotionState } from "./motion-state.ts";
import { survey, type Survey, type TierAddresses } from "./onvif-survey.ts";
import { SnapshotClient } from "./snapshot-client.ts";
import { tierForSize } from "./tier-policy.ts";

export interface OnvifDriverOptions {
  readonly camera: CameraId;
  /** The device service. */
  readonly url: URL;
  readonly pin: string | null;
  /** Streams are fetched within TLS, or not at all. */
  readonly secureStreams?: boolean;
  readonly credentials: Credentials | undefined;
  readonly memories: AuthMemories;
  readonly clock: Clock;
}

/** A whole survey of a slow camera. */
const surveyTimeoutMs = 30_000;

/** Speaks ONVIF to one camera. What it learned of addresses is kept, so that a picture or a stream is had at once. */
export class OnvifDriver implements CameraDriver {
  readonly #options: OnvifDriverOptions;
  readonly #latch: LoginLatch;
  readonly #pictures: SnapshotClient;
  readonly #closing = new AbortController();
  readonly #tellsEnd = new Set<string>();
  readonly #located = new Map<TierName, number>();
  #survey: { readonly found: Survey; readonly at: number } | undefined;
  #surveying: Promise<Survey> | undefined;

  constructor(options: OnvifDriverOptions) {
    this.#options = options;
    this.#latch = new LoginLatch(options.clock);
    this.#pictures = new SnapshotClient({ ...options, memory: options.memories.snapshot, onvifLatch: this.#latch });
  }

  async describe(cancel: Cancellable): Promise<CameraDescription> {
    return (await this.#look(cancel)).description;
  }

  async endpoint(tier: TierName, cancel: Cancellable): Promise<StreamEndpoint> {
    const { camera, credentials, pin, memories, clock } = this.#options;
    const now = clock.monotonic();
    const { stream } = await this.#addresses(tier, this.#located.get(tier) ?? Number.NEGATIVE_INFINITY, cancel);
    this.#located.set(tier, now);
    const { manufacturer = "", model = "" } = this.#survey?.found.description ?? {};
    const quirks = quirksOf({ manufacturer, model, url: stream.href });
    return { camera, tier, url: stream.href, credentials, pin, auth: memories.rtsp, quirks };
  }

  async snapshot(size: { readonly width?: number; readonly height?: number }, cancel: Cancellable): Promise<Snapshot> {
    const { description } = this.#survey?.found ?? (await this.#look(cancel));
    const { snapshot } = await this.#addresses(tierForSize(description.tiers, size), Number.NEGATIVE_INFINITY, cancel);
    if (snapshot === undefined) {
      throw new GatehouseError("snapshot-unsupported", "this camera offers no still picture of its own");
    }
    return this.#pictures.take(snapshot, cancel);
  }

  async events(
    sink: (event: DriverEvent) => void,
    cancel: Cancellable & { readonly healthy: () => void },
  ): Promise<void> {
    const { clock } = this.#options;
    const signal = AbortSignal.any([cancel.signal, this.#closing.signal]);
    using session = await this.#open({ signal });
    if (!session.has("events")) return;
    using motion = new MotionState({ clock, sink, tellsEnd: this.#tellsEnd });
    await pullNotifications({
      session,
      clock,
      signal,
      healthy: cancel.healthy,
      sink: (notification) => {
        const said = readMotion(notification);
        if (said !== undefined) motion.note(said);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the camera's driver was closed"));
    this.#pictures[Symbol.dispose]();
    await this.#surveying?.catch(() => undefined);
  }

  #open(cancel: Cancellable): Promise<OnvifSession> {
    const { url, pin, clock, credentials, memories } = this.#options;
    const memory = memories.onvif;
    const secure = url.protocol === "https:";
    const login = credentials && {
      ...credentials,
      http: new RenewingLogin(() => new Authorizer({ credentials, secure, memory })),
      speaksHttp: memory.floor !== "none",
    };
    return OnvifSession.open({ device: url, pin, clock, login, latch: this.#latch }, cancel);
  }

  async #addresses(tier: TierName, locatedAt: number, cancel: Cancellable): Promise<TierAddresses> {
    const found = await this.#current(locatedAt, cancel);
    const addresses = found.addresses.get(tier);
    if (addresses !== undefined) return addresses;
    throw found.addresses.size === 0
      ? new GatehouseError("camera-no-video", "the camera offers no video profile")
      : new GatehouseError("not-found", `the camera has no ${tier} stream`, { remedy: "Choose one of its tiers." });
  }

  /** The survey to go by: the last one, unless it may be what made a stream fail. */
  async #current(locatedAt: number, cancel: Cancellable): Promise<Survey> {
    const known = this.#survey;
    const decision = decideSurvey({ surveyedAt: known?.at, locatedAt, now: this.#options.clock.monotonic() });
    if (decision === "keep" && known !== undefined) return known.found;
    try {
      return await this.#look(cancel);
    } catch (error) {
      // Streams of a camera whose ONVIF service is stuck mostly still work.
      const passing = ["camera-unreachable", "camera-fault", "camera-answer-malformed"];
      if (known !== undefined && isGatehouseError(error) && passing.includes(error.code)) return known.found;
      throw error;
    }
  }

  /** One survey at a time, shared by all who want one. */
  #look({ signal }: Cancellable): Promise<Survey> {
    this.#surveying ??= this.#surveyNow().finally(() => (this.#surveying = undefined));
    return untilAborted(signal, this.#surveying);
  }

  #surveyNow(): Promise<Survey> {
    const { clock, secureStreams = false } = this.#options;
    const { signal } = this.#closing;
    const limit = {
      clock,
      ms: surveyTimeoutMs,
      what: "the camera's answers",
      code: "camera-unreachable",
      signal,
    } as const;
    return withDeadline(limit, async (cancel) => {
      using session = await this.#open(cancel);
      const found = await survey(session, { secureStreams }, cancel);
      this.#survey = { found, at: clock.monotonic() };
      return found;
    });
  }
}
