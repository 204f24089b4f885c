import {
  encodeFrame,
  Enrol,
  frameLimits,
  isGatehouseError,
  readFrame,
  withDeadline,
  type Clock,
  type Enrolled,
  type Logger,
  type RelayName,
} from "@gatehouse/shared";

import { tunnelIdOf } from "../protocol/peer-pin.ts";
import type { GatewayBook } from "./gateway-book.ts";
import { fixedLimits } from "./limits.ts";
import type { Arrival } from "./listener.ts";

export interface EnrolmentsOptions {
  readonly name: RelayName;
  readonly gateways: GatewayBook;
  readonly clock: Clock;
  readonly log: Logger;
  readonly draining: () => boolean;
}

export type EnrolmentOutcome = "enrolled" | "invite-invalid" | "busy" | "cut";

/** Gateways with an invite: one question, one answer. */
export class Enrolments {
  readonly #options: EnrolmentsOptions;
  readonly #outcomes: Record<EnrolmentOutcome, number> = { enrolled: 0, "invite-invalid": 0, busy: 0, cut: 0 };

  constructor(options: EnrolmentsOptions) {
    this.#options = options;
  }

  get outcomes(): Readonly<Record<EnrolmentOutcome, number>> {
    return { ...this.#outcomes };
  }

  /** Never rejects. */
  async receive(arrival: Arrival): Promise<void> {
    const { socket } = arrival;
    const { clock } = this.#options;
    const ending = new AbortController();
    socket.once("close", () => ending.abort());
    const deadline = { signal: ending.signal, clock, ms: fixedLimits.proof, what: "the gateway's invite" };
    try {
      const asked = await withDeadline(deadline, ({ signal }) =>
        readFrame(socket, Enrol, { signal, limit: frameLimits.device }),
      );
      const answer = this.#answer(arrival, asked);
      this.#outcomes[answer.enrolled ? "enrolled" : answer.why] += 1;
      socket.end(encodeFrame(answer), () => socket.destroy());
    } catch {
      this.#outcomes.cut += 1;
      socket.destroy();
    }
  }

  #answer({ pin }: Arrival, { secret, gateway }: Enrol): Enrolled {
    const { name: relay, gateways, log, draining } = this.#options;
    if (draining()) return { enrolled: false, why: "busy" };
    // An id is that of the key which was proven in the handshake, or it is nobody's.
    if (pin === undefined || tunnelIdOf(pin) !== gateway) return { enrolled: false, why: "invite-invalid" };
    try {
      gateways.redeem({ secret, gateway, pin });
      return { enrolled: true, relay };
    } catch (error) {
      if (isGatehouseError(error) && error.code === "invite-invalid") return { enrolled: false, why: "invite-invalid" };
      // What cannot be written down does not happen.
      log.error("a gateway could not be enrolled", { error: String(error) });
      return { enrolled: false, why: "busy" };
    }
  }
}
