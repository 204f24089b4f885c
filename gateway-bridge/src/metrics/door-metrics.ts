import { Counter, Gauge, type Registry } from "prom-client";

/** What happens at one door, by nobody's name. */
export interface DoorFigures {
  /** Connections that are open: of those who have shown who they are, and of strangers. */
  readonly known: number;
  readonly strangers: number;
  /** Connections that the gateway ended by itself since it began, by the reason. */
  readonly ended: Readonly<Record<string, number>>;
}

/** The figures of the gateway's doors: who is there, who was let go, and what was tried. */
export class DoorMetrics {
  readonly #connections: Gauge<"door" | "state">;
  readonly #ended: Counter<"door" | "reason">;
  readonly #guesses: Counter<"outcome">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#connections = new Gauge({
      name: "gatehouse_connections",
      help: "Open connections: `known` have shown who they are, `stranger` have not.",
      labelNames: ["door", "state"],
      registers,
    });
    this.#ended = new Counter({
      name: "gatehouse_connections_ended_total",
      help: "Connections that the gateway ended by itself: to make room, or because nothing came in time.",
      labelNames: ["door", "reason"],
      registers,
    });
    this.#guesses = new Counter({
      name: "gatehouse_guesses_total",
      help: "Passwords, codes, links and pairing strings that were tried: `evaluated` were looked at, right or wrong, `refused` were not.",
      labelNames: ["outcome"],
      registers,
    });
  }

  collect(doors: Readonly<Record<string, DoorFigures>>, guesses: Readonly<Record<string, number>>): void {
    for (const metric of [this.#connections, this.#ended, this.#guesses]) metric.reset();
    for (const [door, { known, strangers, ended }] of Object.entries(doors)) {
      this.#connections.set({ door, state: "known" }, known);
      this.#connections.set({ door, state: "stranger" }, strangers);
      for (const [reason, count] of Object.entries(ended)) this.#ended.inc({ door, reason }, count);
    }
    for (const [outcome, count] of Object.entries(guesses)) this.#guesses.inc({ outcome }, count);
  }
}
