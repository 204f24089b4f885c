import type { CameraId, CameraState, MediaHealth } from "@gatehouse/shared";
import { Gauge, Registry } from "prom-client";

import { DoorMetrics, type DoorFigures } from "./door-metrics.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { RemoteMetrics, type RemoteFigures } from "./remote-metrics.ts";
import { StreamMetrics } from "./stream-metrics.ts";

/** Where the figures come from; asked at every scrape, and never in between. */
export interface MetricsSources {
  readonly version: string;
  /** Clock.now() when the gateway began. */
  readonly started: number;
  /** Of every camera. */
  readonly health: () => MediaHealth;
  readonly cameras: () => readonly { readonly id: CameraId; readonly state: CameraState }[];
  /** Sessions that are open, by the kind of consumer: `homekit`, `rtsp`, ... */
  readonly sessions: () => Readonly<Record<string, number>>;
  /** By door: `api`, `rtsp`. */
  readonly doors: () => Readonly<Record<string, DoorFigures>>;
  /** Passwords and the like that were tried, by what became of them: `evaluated`, `refused`. */
  readonly guesses: () => Readonly<Record<string, number>>;
  readonly remote: () => RemoteFigures;
}

export interface RenderedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/** The gateway's figures for Prometheus. Nothing is counted here: they are read when they are asked for. */
export class GatewayMetrics implements Disposable {
  readonly #sources: MetricsSources;
  readonly #registry = new Registry();
  readonly #process: ProcessMetrics;
  readonly #streams: StreamMetrics;
  readonly #doors: DoorMetrics;
  readonly #remote: RemoteMetrics;
  readonly #cameras: Gauge<"camera">;
  readonly #warnings: Gauge<"camera" | "code">;
  readonly #sessions: Gauge<"consumer">;
  readonly #transcoder: Gauge;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    const registers = [this.#registry];
    const build = {
      name: "gatehouse_build_info",
      help: "Which Gatehouse this is.",
      labelNames: ["version"],
      registers,
    };
    new Gauge(build).set({ version: sources.version }, 1);
    this.#cameras = new Gauge({
      name: "gatehouse_camera_up",
      help: "Whether the camera is reachable, or was when it was last asked.",
      labelNames: ["camera"],
      registers,
    });
    this.#warnings = new Gauge({
      name: "gatehouse_camera_warning",
      help: "Something that the owner can better; `gatehouse health` says what.",
      labelNames: ["camera", "code"],
      registers,
    });
    this.#sessions = new Gauge({
      name: "gatehouse_sessions",
      help: "Sessions that are open, by how they are watched.",
      labelNames: ["consumer"],
      registers,
    });
    this.#transcoder = new Gauge({
      name: "gatehouse_transcoder_up",
      help: "Whether the box can transcode.",
      registers,
    });
    this.#streams = new StreamMetrics(this.#registry);
    this.#doors = new DoorMetrics(this.#registry);
    this.#remote = new RemoteMetrics(this.#registry);
    this.#process = new ProcessMetrics(this.#registry, sources.started);
  }

  /** The text format of Prometheus, version 0.0.4. */
  async render(): Promise<RenderedMetrics> {
    await this.#process.collect();
    this.#collect();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
    this.#registry.clear();
  }

  /** In one go, so that two scrapes at once see whole figures both. */
  #collect(): void {
    const { health, cameras, sessions, doors, guesses, remote } = this.#sources;
    const { cameras: healths, transcoder } = health();
    for (const gauge of [this.#cameras, this.#warnings, this.#sessions]) gauge.reset();
    for (const { id, state } of cameras()) this.#cameras.set({ camera: id }, Number(state.kind !== "offline"));
    for (const { camera, warnings } of healths) {
      for (const { code } of warnings) this.#warnings.set({ camera, code }, 1);
    }
    for (const [consumer, open] of Object.entries(sessions())) this.#sessions.set({ consumer }, open);
    this.#transcoder.set(Number(transcoder.available));
    this.#doors.collect(doors(), guesses());
    this.#remote.collect(remote());
    this.#streams.collect(healths.flatMap(({ streams }) => streams));
  }
}
