import {
  DeviceHello,
  encodeFrame,
  frameLimits,
  nonceBytes,
  Proof,
  readFrame,
  saltBytes,
  spkiPin,
  verifyAdmission,
  withDeadline,
  writeFrame,
  type AdmissionContext,
  type Clock,
  type RelayName,
  type Thumbprint,
  type TunnelId,
  type Verdict,
  type Way,
} from "@gatehouse/shared";
import { createHmac, randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";

import type { Channels, ChannelVerdict } from "./channels.ts";
import { judgeKnock, type KnockVerdict } from "./knock-policy.ts";
import { fixedLimits } from "./limits.ts";
import type { Arrival } from "./listener.ts";
import type { RelayKeys } from "./relay-keys.ts";
import type { Tunnel } from "./tunnel.ts";
import type { Tunnels } from "./tunnels.ts";

export interface KnocksOptions {
  readonly name: RelayName;
  readonly keys: RelayKeys;
  readonly tunnels: Tunnels;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly draining: () => boolean;
  /** A device is no stranger any more. */
  readonly onProven: (socket: TLSSocket) => void;
}

/** What a device brought. */
interface Shown {
  readonly tunnel: Tunnel | undefined;
  readonly way: Way;
  readonly proof: Proof;
  readonly context: AdmissionContext;
}

/** How knocks came out. `cut`: nothing was answered, because what came was no knock, or came too late. */
export type KnockOutcome = KnockVerdict | "cut";

/** Devices at the door. Each says for which gateway it comes and proves its key; until then nothing of it goes anywhere. */
export class Knocks {
  readonly #options: KnocksOptions;
  /** What the first half of a nonce is made of where no gateway gives one. */
  readonly #decoy = randomBytes(32);
  readonly #outcomes: Record<KnockOutcome, number> = { open: 0, refused: 0, draining: 0, busy: 0, cut: 0 };

  constructor(options: KnocksOptions) {
    this.#options = options;
  }

  get outcomes(): Readonly<Record<KnockOutcome, number>> {
    return { ...this.#outcomes };
  }

  /** Never rejects. */
  async receive(arrival: Arrival): Promise<void> {
    const { clock } = this.#options;
    const ending = new AbortController();
    arrival.socket.once("close", () => ending.abort());
    const deadline = { signal: ending.signal, clock, ms: fixedLimits.proof, what: "the device's proof" };
    try {
      const shown = await withDeadline(deadline, ({ signal }) => this.#ask(arrival.socket, signal));
      this.#outcomes[await this.#answer(arrival, shown, ending.signal)] += 1;
    } catch {
      // Whatever it was, the device is not in.
      this.#outcomes.cut += 1;
      arrival.socket.destroy();
    }
  }

  /** Hello, challenge, proof. What is asked and how does not depend on whether the gateway is known. */
  async #ask(socket: TLSSocket, signal: AbortSignal): Promise<Shown> {
    const { tunnels, name: relay, keys, clock } = this.#options;
    const frame = { signal, limit: frameLimits.device };
    const { gateway, way } = await readFrame(socket, DeviceHello, frame);
    const tunnel = await tunnels.find(gateway);
    const [time, relayKey] = [clock.now(), keys.shown.pin];
    const nonce = this.#nonce(gateway, tunnel);
    writeFrame(socket, { v: 1, relay, nonce, time });
    const proof = await readFrame(socket, Proof, frame);
    return { tunnel, way, proof, context: { relay, relayKey, gateway, nonce, time } };
  }

  #nonce(gateway: TunnelId, tunnel: Tunnel | undefined): string {
    const decoy = createHmac("sha256", this.#decoy).update(gateway).digest().subarray(0, saltBytes);
    const salt = tunnel?.admission?.salt;
    const front = salt === undefined ? decoy : Buffer.from(salt, "base64url");
    return Buffer.concat([front, randomBytes(nonceBytes - saltBytes)]).toString("base64url");
  }

  async #answer(arrival: Arrival, shown: Shown, signal: AbortSignal): Promise<KnockVerdict> {
    const { socket } = arrival;
    const judged = await this.#judge(arrival, shown, signal);
    if (judged.verdict === "open") {
      socket.write(encodeFrame({ open: true } satisfies Verdict));
      judged.join();
    } else refuse(socket, judged.verdict);
    return judged.verdict;
  }

  async #judge(
    arrival: Arrival,
    { tunnel, way, proof, context }: Shown,
    signal: AbortSignal,
  ): Promise<ChannelVerdict | { readonly verdict: "draining" }> {
    const spki = Buffer.from(proof.key, "base64");
    const device: Thumbprint = spkiPin(spki);
    // Both are looked at, whatever the first says: how long it takes tells nothing.
    const signed = verifyAdmission(spki, proof.signature, context);
    const admitted = tunnel?.admits(device) === true;
    const outOfTurn = arrival.socket.readableLength > 0;
    const verdict = judgeKnock({ admitted, signed, outOfTurn, draining: this.#options.draining() });
    if (verdict !== "open" || tunnel === undefined) return { verdict: verdict === "draining" ? verdict : "refused" };
    this.#options.onProven(arrival.socket);
    const { nonce, time } = context;
    const opening = { v: 1, nonce, time, ...proof, source: arrival.address.slice(0, 64) } as const;
    return this.#options.channels.open({ arrival, tunnel, device, way, opening }, { signal });
  }
}

/** The connection closes once it is told, whatever the device does. */
const refuse = (socket: TLSSocket, why: Exclude<KnockVerdict, "open">): void => {
  const retryMs = why === "refused" ? fixedLimits.retryRefused : fixedLimits.retryBusy;
  socket.end(encodeFrame({ open: false, why, retryMs } satisfies Verdict), () => socket.destroy());
};
