import { GatehouseError, type CameraId, type Cancellable, type Clock } from "@gatehouse/shared";

import { isLoopback, plainAddress, type Interfaces } from "../../domain/viewer-address-policy.ts";
import type { ConnectionGate, ConnectionTarget } from "../../protocols/tcp/connection-gate.ts";
import { CameraLane, connectionPauseMs } from "./camera-lane.ts";
import type { GuessLedger } from "./guess-ledger.ts";
import type { Consents } from "./ports.ts";
import { judgeProbeAddress } from "./probe-address-policy.ts";

export interface ProbeBudgetOptions {
  readonly clock: Clock;
  readonly ledger: GuessLedger;
  readonly consents: Consents;
  readonly interfaces: () => Interfaces;
  /** Between two new connections to a camera on this box itself, where a benchmark has its cameras; 250 unless told. Elsewhere always 250. */
  readonly loopbackPauseMs?: number;
}

/** A camera on the same network hears of a closed connection within this time, unless it is very busy. */
const lingerMs = 25;

/** Where one camera is, as far as that was decided. */
export interface ProbedPlace {
  readonly camera: CameraId;
  /** A literal address. */
  readonly host: string;
  /** Whether the owner wrote this very address. */
  readonly literal: boolean;
}

/** The way to one camera. Every connection of an inspection, and of a remedy, goes through one of these. */
export interface CameraGate extends ConnectionGate {
  readonly place: ProbedPlace;
  readonly ledger: GuessLedger;
  /** One question, with all the connections that it takes. */
  ask<T>(work: () => Promise<T>, cancel: Cancellable): Promise<T>;
}

/** What all inspections together may ask of cameras. */
export class ProbeBudget {
  readonly #options: ProbeBudgetOptions;
  readonly #lanes = new Map<string, CameraLane>();

  constructor(options: ProbeBudgetOptions) {
    this.#options = options;
  }

  /**
   * The way to a camera; what may go there is judged anew at each connection.
   * @throws GatehouseError `inspection-not-allowed`
   */
  gate(place: ProbedPlace): CameraGate {
    const host = this.#judge(place);
    const lane = this.#lane(host);
    return {
      place: { ...place, host },
      ledger: this.#options.ledger,
      ask: (work, cancel) => lane.ask(work, cancel),
      onCrowded: (listener) => lane.onCrowded(listener),
      enter: async (to, cancel) => {
        const pass = await lane.connection(cancel);
        try {
          // After the wait: consent may have been withdrawn meanwhile.
          this.#judge(place);
          this.#checkTarget(to, host);
          return pass;
        } catch (error) {
          pass[Symbol.dispose]();
          throw error;
        }
      },
    };
  }

  /** @returns the address in its shortest spelling */
  #judge({ camera, host, literal }: ProbedPlace): string {
    const { consents, interfaces } = this.#options;
    if (!consents.granted(camera)) {
      throw new GatehouseError("inspection-not-allowed", "nobody has allowed that this camera is looked at");
    }
    const verdict = judgeProbeAddress({ address: host, literal, interfaces: interfaces() });
    if (verdict.kind === "allowed") return verdict.address;
    throw new GatehouseError("inspection-not-allowed", `the camera's address is not looked at: it is ${verdict.why}`, {
      remedy: "Only cameras at private addresses of the home's own network are looked at.",
    });
  }

  /** The connection itself is to the literal address that was judged, and to no other. */
  #checkTarget(to: ConnectionTarget, host: string): void {
    if (plainAddress(to.host)?.address === host) return;
    throw new GatehouseError("camera-foreign-host", "refused to connect elsewhere in the name of a camera");
  }

  #lane(host: string): CameraLane {
    const known = this.#lanes.get(host);
    if (known !== undefined) return known;
    const { clock, loopbackPauseMs = connectionPauseMs } = this.#options;
    const plain = plainAddress(host);
    const pauseMs = plain !== undefined && isLoopback(plain) ? loopbackPauseMs : connectionPauseMs;
    const lane = new CameraLane({ clock, pauseMs, lingerMs });
    this.#lanes.set(host, lane);
    return lane;
  }
}
