import type { PrincipalId, SessionId } from "@gatehouse/shared";

import { camera, House, never } from "../../../media/testing/house.ts";
import { makePictures } from "../../../media/testing/units.ts";
import { WebRtcSessions, type WebRtcOffer, type WebRtcSessionsOptions } from "../webrtc-sessions.ts";
import { FakeEngine } from "./fake-engine.ts";
import { makeOffer } from "./offers.ts";

export const owner = "who-aaaaaaaaaaaaaaaa" as PrincipalId;
export const other = "who-bbbbbbbbbbbbbbbb" as PrincipalId;
/** Between two pictures. */
export const frameMs = 40;

/** A camera, its stream, and the WebRTC sessions on it over connections that a test moves, on a clock that stands still. */
export class WebRtcHouse implements AsyncDisposable {
  readonly house = new House();
  readonly engine = new FakeEngine();
  readonly sessions: WebRtcSessions;
  readonly tiers: (number | undefined)[] = [];
  readonly #bootedAt = this.house.clock.monotonic();

  constructor(options: Partial<WebRtcSessionsOptions> = {}) {
    const { streams, clock, log } = this.house;
    const load = async (): Promise<FakeEngine> => this.engine;
    this.sessions = new WebRtcSessions({
      streams,
      tierFor: (_, width) => {
        this.tiers.push(width);
        return "main";
      },
      clock,
      log,
      interfaces: () => ({}),
      loaders: { "node-datachannel": load, werift: load },
      ...options,
    });
  }

  /** With a GOP of `frames` pictures behind it, taken at 25 a second. */
  static async open(frames: number, options: Partial<WebRtcSessionsOptions> = {}): Promise<WebRtcHouse> {
    const house = new WebRtcHouse(options);
    await house.warm();
    await house.film(frames);
    return house;
  }

  async warm(): Promise<void> {
    this.house.streams.setWarm(camera, true);
    await this.house.settle();
  }

  /** Ticks of 90 kHz since the camera began. */
  get now(): number {
    return (this.house.clock.monotonic() - this.#bootedAt) * 90;
  }

  /** Takes so many pictures in their own time, the first a key picture unless told. */
  async film(count: number, options: { readonly key?: boolean; readonly size?: number } = {}): Promise<void> {
    const { camera: source, clock } = this.house;
    const { key = true, size = 4_000 } = options;
    for (const picture of makePictures({ count, key, keySize: 20_000, size })) {
      source.send({ ...picture, timestamp: this.now, arrivedAt: clock.monotonic() });
      await clock.advance(frameMs);
    }
  }

  offer(
    wish: Partial<WebRtcOffer> = {},
    signal = never,
  ): Promise<{ readonly session: SessionId; readonly sdp: string }> {
    return this.sessions.offer({ principal: owner, camera, sdp: makeOffer(), ...wish }, { signal });
  }

  /** A viewer that is connected. */
  async watch(wish: Partial<WebRtcOffer> = {}): Promise<SessionId> {
    const { session } = await this.offer(wish);
    this.engine.peer.become("connected");
    return session;
  }

  /** How sessions ended. */
  get endings(): readonly unknown[] {
    return this.house.log.lines.filter(({ message }) => message === "WebRTC session ends").map(({ fields }) => fields);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]();
    await this.house[Symbol.asyncDispose]();
  }
}
