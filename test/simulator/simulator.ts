import { setTimeout as delay } from "node:timers/promises";

import { servicePaths } from "./onvif-device-service.ts";
import { settle, type SimulatorOptions, type SimulatorSettings } from "./simulator-options.ts";
import { openParts, type SimulatorParts } from "./simulator-parts.ts";

export type { SimulatorOptions } from "./simulator-options.ts";

export interface SimulatorCounts {
  /** Number of the picture that is seen now. */
  readonly frame: number;
  /** RTSP clients that are playing now. */
  readonly rtspClients: number;
  /** RTSP connections ever accepted. */
  readonly rtspConnects: number;
  /** PLAY requests ever granted. */
  readonly rtspPlays: number;
  readonly onvifRequests: number;
  readonly pullMessages: number;
  readonly snapshots: number;
  /** Wrong credentials, over ONVIF, snapshots and RTSP. A request without any is not counted. */
  readonly authFailures: number;
  /** Pull points that exist now. */
  readonly subscriptions: number;
}

/** A whole camera: RTSP, ONVIF, snapshots and discovery, with everything that can go wrong at one's command. */
export class Simulator implements AsyncDisposable {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly onvifUrl: string;
  readonly rtspUrl: string;
  readonly subRtspUrl: string;
  readonly #parts: SimulatorParts;
  readonly #resources: AsyncDisposableStack;
  #motions = 0;
  #refusing = false;

  private constructor(
    { id, username, password }: SimulatorSettings,
    parts: SimulatorParts,
    resources: AsyncDisposableStack,
  ) {
    this.id = id;
    this.username = username;
    this.password = password;
    this.onvifUrl = parts.onvif.origin + servicePaths.device;
    this.rtspUrl = parts.rtsp.url("main");
    this.subRtspUrl = parts.rtsp.url("sub");
    this.#parts = parts;
    this.#resources = resources;
  }

  static async open(options: SimulatorOptions = {}): Promise<Simulator> {
    await using opening = new AsyncDisposableStack();
    const settings = settle(options);
    return new Simulator(settings, await openParts(settings, opening), opening.move());
  }

  get counts(): SimulatorCounts {
    const { feed, rtsp, onvif, digest } = this.#parts;
    return {
      frame: feed.frame,
      rtspClients: rtsp.clients,
      rtspConnects: rtsp.counts.connects,
      rtspPlays: rtsp.counts.plays,
      onvifRequests: onvif.counts.requests,
      pullMessages: onvif.services.events.counts.pullMessages,
      snapshots: onvif.counts.snapshots,
      authFailures: digest.failures + onvif.counts.tokenFailures,
      subscriptions: onvif.services.events.subscriptions,
    };
  }

  /**
   * Motion begins or ends. Clients see it only by PullMessages, with the reference among its data.
   * The reference names the camera and the picture: `id/frame/count`. `at` is when it happened, by the host's clock.
   */
  motion(active: boolean): { readonly reference: string; readonly at: number } {
    this.#motions += 1;
    const reference = `${this.id}/${this.#parts.feed.frame}/${this.#motions}`;
    const at = Date.now();
    this.#parts.onvif.services.events.motion(active, reference);
    return { reference, at };
  }

  /** Drops every connection, is gone for `downMs`, and comes back without sessions, subscriptions, nonces or a stall. */
  async reboot(downMs = 500): Promise<void> {
    const { rtsp, onvif, digest, discovery } = this.#parts;
    for (const { port } of [rtsp, onvif]) {
      port.shut();
      port.drop();
    }
    if (discovery !== undefined) discovery.silent = true;
    onvif.services.events.clear();
    digest.forget();
    rtsp.stalled = false;
    await delay(downMs);
    if (!this.#refusing) await this.#reopen();
  }

  /** While small, the main stream shows a smaller picture, from its next key picture on and without saying so but in that picture. */
  shrink(on: boolean): void {
    this.#parts.feed.small = on;
  }

  /** While stalled, RTSP clients stay connected and are answered, but no media comes. */
  stall(on: boolean): void {
    this.#parts.rtsp.stalled = on;
  }

  /** While garbled, RTSP clients get packets of random bytes, as many and as large as ever. */
  garble(on: boolean): void {
    this.#parts.rtsp.garbled = on;
  }

  /** From now on each picture of the main stream is so many bytes larger than its bit rate allows; 0 ends it. */
  flood(bytes: number): void {
    this.#parts.feed.burden = bytes;
  }

  /** The next picture of the main stream is so many bytes larger. */
  bloat(bytes: number): void {
    this.#parts.feed.bloat = bytes;
  }

  /** While refusing, no connection is accepted; those that are there stay. */
  async refuse(on: boolean): Promise<void> {
    const { rtsp, onvif } = this.#parts;
    this.#refusing = on;
    if (!on) await this.#reopen();
    else for (const { port } of [rtsp, onvif]) port.shut();
  }

  /** Puts the camera's own clock that much forward (or back) from where it is. Stamps keep the host's time. */
  moveClock(byMs: number): void {
    this.#parts.clock.offset += byMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #reopen(): Promise<void> {
    const { rtsp, onvif, discovery } = this.#parts;
    await Promise.all([rtsp.port.reopen(), onvif.port.reopen()]);
    if (discovery !== undefined) discovery.silent = false;
  }
}
