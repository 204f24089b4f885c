import type { CameraId, CameraState, Clock, Event, EventBus, GatehouseError, TierName } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import { cameraState, type CameraHealth, type Outage } from "./domain/camera-state-policy.ts";

type StreamSign = CameraHealth["streams"][number];

interface Signs {
  readonly streams: Map<TierName, StreamSign>;
  events: Outage | undefined;
  state: CameraState;
}

/** What a stream or an event connection reports of itself. */
export type Report =
  | { readonly kind: "idle" | "connecting" }
  | { readonly kind: "live"; readonly viewers: number }
  | { readonly kind: "offline"; readonly error: GatehouseError };

/** Puts the signs of life of each camera together and tells the bus when its state changes. */
export class CameraStates {
  readonly #signs = new Map<CameraId, Signs>();
  readonly #clock: Clock;
  readonly #bus: EventBus<Event>;

  constructor(options: { readonly clock: Clock; readonly bus: EventBus<Event> }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
  }

  of(camera: CameraId): CameraState {
    return this.#signs.get(camera)?.state ?? { kind: "ready" };
  }

  reportStream(camera: CameraId, tier: TierName, report: Report): void {
    const signs = this.#signsOf(camera);
    const before = signs.streams.get(tier);
    const sign =
      report.kind === "offline"
        ? {
            kind: report.kind,
            outage: this.#outage(report.error, before?.kind === "offline" ? before.outage : undefined),
          }
        : report;
    signs.streams.set(tier, sign);
    this.#settle(camera, signs);
  }

  /** @param error why events do not come; undefined when they flow again */
  reportEvents(camera: CameraId, error: GatehouseError | undefined): void {
    const signs = this.#signsOf(camera);
    signs.events = error === undefined ? undefined : this.#outage(error, signs.events);
    this.#settle(camera, signs);
  }

  forget(camera: CameraId): void {
    this.#signs.delete(camera);
  }

  #signsOf(camera: CameraId): Signs {
    const known = this.#signs.get(camera);
    if (known !== undefined) return known;
    const signs: Signs = { streams: new Map(), events: undefined, state: { kind: "ready" } };
    this.#signs.set(camera, signs);
    return signs;
  }

  /** An outage goes on while its cause does: only then is `since` kept. */
  #outage({ code, message, remedy }: GatehouseError, before: Outage | undefined): Outage {
    return { code, message, remedy, since: before?.code === code ? before.since : this.#clock.now() };
  }

  #settle(camera: CameraId, signs: Signs): void {
    const state = cameraState({ streams: [...signs.streams.values()], events: signs.events });
    if (isDeepStrictEqual(state, signs.state)) return;
    signs.state = state;
    this.#bus.emit({ kind: "camera-state", id: randomUUID(), camera, at: this.#clock.now(), state });
  }
}
