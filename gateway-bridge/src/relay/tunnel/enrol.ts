import {
  Enrolled,
  frameLimits,
  GatehouseError,
  readFrame,
  relayProtocols,
  withDeadline,
  writeFrame,
  type Cancellable,
  type Clock,
  type Enrol,
  type RelayInvite,
  type RelayPlace,
  type TunnelId,
} from "@gatehouse/shared";

import { dialRelay } from "./dial-relay.ts";
import { idOfKey, type TunnelKey } from "./tunnel-key.ts";

/** How long the relay may take to answer. */
const answerMs = 15_000;

export interface EnrolOptions {
  readonly invite: RelayInvite;
  /** The gateway's new key. With the same one an enrolment whose answer was lost can be asked for again, within the invite's time. */
  readonly key: TunnelKey;
  readonly clock: Clock;
}

/** Where the relay is, and what it knows this gateway by. */
export interface Enrolment {
  readonly place: RelayPlace;
  readonly tunnel: TunnelId;
}

/**
 * Uses up a relay's invite. The invite's secret is not sent before the relay has shown the key that the invite names.
 * @throws GatehouseError `relay-impostor`, `relay-unreachable`, `invite-invalid`, `relay-busy`, `relay-answer-malformed`, or the signal's reason
 */
export const enrolAtRelay = async (options: EnrolOptions, cancel: Cancellable): Promise<Enrolment> => {
  const { invite, key, clock } = options;
  const place: RelayPlace = { address: invite.address, name: invite.relay, keys: [invite.relayKey] };
  const tunnel = idOfKey(key);
  const { socket } = await dialRelay({ place, key, protocol: relayProtocols.enrol, clock }, cancel);
  try {
    const question: Enrol = { v: 1, secret: invite.secret, gateway: tunnel };
    writeFrame(socket, question);
    const deadline = { ...cancel, clock, ms: answerMs, what: "the relay's answer", code: "relay-unreachable" } as const;
    const answer = await withDeadline(deadline, (within) =>
      readFrame(socket, Enrolled, { ...within, limit: frameLimits.device }),
    );
    if (!answer.enrolled) throw refusal(answer.why);
    if (answer.relay === invite.relay) return { place, tunnel };
    throw new GatehouseError("relay-answer-malformed", "the relay calls itself by another name than its invite does");
  } finally {
    socket.destroy();
  }
};

const refusal = (why: "invite-invalid" | "busy"): GatehouseError =>
  why === "busy"
    ? new GatehouseError("relay-busy", "the relay has no room for another gateway at the moment")
    : new GatehouseError("invite-invalid", "the relay does not know this invite, or it was used or is too old");
