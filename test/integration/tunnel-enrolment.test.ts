import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { systemClock, writeFrame, type Enrolled, type RelayInvite } from "@gatehouse/shared";

import { enrolAtRelay } from "../../gateway-bridge/src/relay/tunnel/enrol.ts";
import { idOfKey } from "../../gateway-bridge/src/relay/tunnel/tunnel-key.ts";
import { MaliciousRelay } from "../support/malicious-relay.ts";
import { TestTunnelKeys } from "../support/tunnel-home.ts";

const cancel = { signal: new AbortController().signal };
const key = new TestTunnelKeys().current();

let relay: MaliciousRelay;
beforeEach(async () => {
  relay = await MaliciousRelay.open();
});
afterEach(() => relay[Symbol.asyncDispose]());

const invite = (): RelayInvite => ({
  address: relay.place.address,
  relay: relay.name,
  relayKey: relay.key.pin,
  secret: "s".repeat(22),
});

const answered = async (answer: Enrolled | Buffer): Promise<unknown> => {
  const enrolling = enrolAtRelay({ invite: invite(), key, clock: systemClock }, cancel);
  const { socket, question } = await relay.enrolling();
  expect(question).toEqual({ v: 1, secret: "s".repeat(22), gateway: idOfKey(key) });
  if (Buffer.isBuffer(answer)) socket.end(answer);
  else writeFrame(socket, answer);
  return enrolling;
};

describe("a gateway with a relay's invite", () => {
  it("is told the place that it dials from now on", async () => {
    expect(await answered({ enrolled: true, relay: relay.name })).toEqual({ place: relay.place, tunnel: idOfKey(key) });
  });

  it.each<[string, Enrolled | Buffer, string]>([
    ["does not know the invite", { enrolled: false, why: "invite-invalid" }, "invite-invalid"],
    ["has no room", { enrolled: false, why: "busy" }, "relay-busy"],
    ["calls itself by another name", { enrolled: true, relay: "relay.other" }, "relay-answer-malformed"],
    ["answers something else", Buffer.from([0, 2, 0x7b, 0x7d]), "relay-answer-malformed"],
    ["ends without an answer", Buffer.alloc(0), "relay-unreachable"],
  ])("is told that a relay %s", async (_, answer, code) => {
    await expect(answered(answer)).rejects.toMatchObject({ code });
  });

  it("is not kept waiting when it gives up", async () => {
    const stop = new AbortController();
    const enrolling = enrolAtRelay({ invite: invite(), key, clock: systemClock }, { signal: stop.signal });
    await relay.enrolling();
    stop.abort(new Error("enough"));
    await expect(enrolling).rejects.toThrow("enough");
  });
});
