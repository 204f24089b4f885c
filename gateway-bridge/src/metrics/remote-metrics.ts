import { RemoteConnection } from "@gatehouse/shared";
import { Counter, Gauge, type Registry } from "prom-client";

/** Access from away, by nobody's name. The counts are since the gateway began. */
export interface RemoteFigures {
  readonly connection: RemoteConnection;
  /** That may knock. */
  readonly devices: number;
  /** That stand now. */
  readonly channels: number;
  readonly admittedChannels: number;
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly receivedBytes: number;
  readonly reconnects: number;
}

/** The figures of access from away. */
export class RemoteMetrics {
  readonly #connection: Gauge<"state">;
  readonly #devices: Gauge;
  readonly #channels: Gauge;
  readonly #admitted: Counter;
  readonly #refused: Counter<"reason">;
  readonly #received: Counter;
  readonly #reconnects: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#connection = new Gauge({
      name: "gatehouse_remote_connection",
      help: "How the connection to the relay stands: 1 for its state, 0 for every other.",
      labelNames: ["state"],
      registers,
    });
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#devices = gauge("gatehouse_remote_devices", "Devices that may knock from away.");
    this.#channels = gauge("gatehouse_remote_channels", "Channels of devices that stand.");
    this.#admitted = counter("gatehouse_remote_channels_total", "Channels of devices that proved their key.");
    this.#refused = new Counter({
      name: "gatehouse_remote_refused_total",
      help: "Channels that were refused here, by the reason; `door-`: inside the channel, after the device had proved its key.",
      labelNames: ["reason"],
      registers,
    });
    this.#received = counter("gatehouse_remote_received_bytes_total", "Bytes that came through channels.");
    this.#reconnects = counter("gatehouse_remote_reconnects_total", "Times that the relay was connected to again.");
  }

  collect(figures: RemoteFigures): void {
    for (const metric of [this.#admitted, this.#refused, this.#received, this.#reconnects]) metric.reset();
    for (const state of RemoteConnection.options) {
      this.#connection.set({ state }, Number(state === figures.connection));
    }
    this.#devices.set(figures.devices);
    this.#channels.set(figures.channels);
    this.#admitted.inc(figures.admittedChannels);
    this.#received.inc(figures.receivedBytes);
    this.#reconnects.inc(figures.reconnects);
    for (const [reason, count] of Object.entries(figures.refusedBy)) this.#refused.inc({ reason }, count);
  }
}
