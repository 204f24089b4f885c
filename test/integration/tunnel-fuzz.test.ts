import { describe, expect, it } from "@jest/globals";
import { FromRelay, silentLogger, type OpenChannel } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { Duplex } from "node:stream";

import type { AdmittedChannel } from "../../gateway-bridge/src/ports.ts";
import { DoorWorld } from "../../gateway-bridge/src/relay/door/testing/door-world.ts";
import { ChannelIntake } from "../../gateway-bridge/src/relay/tunnel/channel-intake.ts";
import { LiveChannels } from "../../gateway-bridge/src/relay/tunnel/live-channels.ts";
import { NonceMemory } from "../../gateway-bridge/src/relay/tunnel/nonce-memory.ts";
import { TunnelCounts } from "../../gateway-bridge/src/relay/tunnel/tunnel-counts.ts";
import { idOfKey } from "../../gateway-bridge/src/relay/tunnel/tunnel-key.ts";
import { readWelcome } from "../../gateway-bridge/src/relay/tunnel/welcome-policy.ts";
import { fuzz, mutate, seeded } from "../support/fuzz.ts";
import { makeRelayKey, prove } from "../support/malicious-relay.ts";
import { TestRoll, TestTunnelKeys } from "../support/tunnel-home.ts";

const { signal } = new AbortController();
const inputs = 20_000;
const relay = { name: "relay.test", key: makeRelayKey() };
const nonce = (salt: string, fill: number): string =>
  Buffer.concat([Buffer.from(salt, "base64url"), Buffer.alloc(16, fill)]).toString("base64url");

/** A gateway's judgement of channels, with one device on its roll. */
const makeIntake = () => {
  using world = new DoorWorld();
  const { shown, thumbprint, device, person } = world.pair();
  const privateKey = createPrivateKey(shown.key);
  const roll = new TestRoll();
  roll.put(thumbprint, { device, person });
  const [nonces, counts, accepted] = [new NonceMemory(), new TunnelCounts(), [] as AdmittedChannel[]];
  const live = new LiveChannels(counts);
  const gateway = idOfKey(new TestTunnelKeys().current());
  const intake = new ChannelIntake({
    ...{ relay: relay.name, relayKeys: () => [relay.key.pin], gateway, roll, nonces, live, counts },
    accept: (channel) => void accepted.push(channel),
    onSalt: () => undefined,
    onNonsense: () => undefined,
    ...{ clock: new TestClock(), log: silentLogger },
  });
  const proofs = [1, 2, 3].map((fill) =>
    prove(
      { privateKey, publicKey: createPublicKey(privateKey) },
      { relay: relay.name, relayKey: relay.key.pin, gateway, nonce: nonce(nonces.salt, fill), time: 1_700_000_000_000 },
    ),
  );
  return { intake, proofs, accepted, counts, live, thumbprint };
};

/** One letter of one of the texts is another. */
const retyped = (json: Buffer, random: () => number): Buffer => {
  const open = JSON.parse(json.toString("utf8")) as Record<string, unknown>;
  const field = ["nonce", "key", "signature", "source"][Math.floor(random() * 4)]!;
  const text = String(open[field]);
  const at = Math.floor(random() * text.length);
  const letter = "ABCDwxyz0189+/-_=".charAt(Math.floor(random() * 17));
  return Buffer.from(JSON.stringify({ ...open, [field]: text.slice(0, at) + letter + text.slice(at + 1) }));
};

const framed = (json: Buffer, length: number): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(length);
  return Buffer.concat([head, json]);
};

/** What comes, and then nothing more. */
const coming = (bytes: Buffer): Duplex => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  stream.push(bytes);
  stream.push(null);
  return stream;
};

describe("what a relay sends to a gateway", () => {
  it("is no danger as a channel's first message, and lets each proof in once", async () => {
    const { intake, proofs, accepted, counts, live, thumbprint } = makeIntake();
    const stranger: OpenChannel = prove(generateKeyPairSync("ed25519"), {
      ...{ relay: relay.name, relayKey: relay.key.pin, gateway: idOfKey(new TestTunnelKeys().current()) },
      ...{ nonce: proofs[0]!.nonce, time: 1 },
    });
    const corpus = [...proofs, stranger].map((open) => Buffer.from(JSON.stringify(open)));
    const dictionary = ['"v":1', '"nonce":', '"source":', "\u0000", "null", "1e999", "[", "{", '"', "AAAA"];
    const random = seeded(7);
    const next = (): Duplex => {
      const chosen = corpus[Math.floor(random() * corpus.length)]!;
      const json = random() < 0.5 ? retyped(chosen, random) : mutate(chosen, { corpus, dictionary }, random);
      // Now and then the length is wrong, too.
      return coming(framed(json, random() < 0.9 ? json.length : Math.floor(random() * 2_000)));
    };
    for (let done = 0; done < inputs; done += 20) {
      await Promise.all(Array.from({ length: 20 }, () => intake.take(next(), { signal })));
    }
    // What is not signed may be altered: where the device came from, white space.
    expect(accepted.length).toBeLessThanOrEqual(proofs.length);
    expect(accepted.filter((channel) => channel.thumbprint !== thumbprint)).toEqual([]);
    const refused = counts.refused;
    expect(accepted.length + Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(inputs);
    for (const why of ["malformed", "foreign", "unknown", "unsigned", "replayed"] as const)
      expect(refused[why]).toBeGreaterThan(10);
    live.endAll();
    expect(live.receivedBytes).toBe(0);
  });

  it("is no danger as a word on the control stream", () => {
    const pin = relay.key.pin;
    const words: FromRelay[] = [
      { kind: "welcome", v: 1, relay: relay.name, tunnel: "t".repeat(43), time: 1, keys: [pin] },
      { kind: "welcome", v: 1, relay: relay.name, tunnel: "t".repeat(43), time: 1, keys: ["x".repeat(43), pin] },
      { kind: "spare", count: 2 },
      { kind: "admitting", epoch: 17 },
      { kind: "key", pin, only: true },
      { kind: "drain", withinMs: 60_000 },
    ];
    const understood = new Map<string, number>();
    const note = (what: string): void => void understood.set(what, (understood.get(what) ?? 0) + 1);
    fuzz(
      (input) => {
        const word = FromRelay.safeParse(parseJson(input));
        note(word.success ? word.data.kind : "nonsense");
        if (!word.success) return;
        if (word.data.kind === "spare") expect(word.data.count).toBeLessThanOrEqual(8);
        readWelcome({ first: word.data, relay: relay.name, shown: pin });
        expect(word.data).toMatchObject({ kind: "welcome", relay: relay.name });
        note("a welcome");
      },
      {
        corpus: words.map((word) => Buffer.from(JSON.stringify(word))),
        dictionary: ['"kind":', '"spare"', '"admitting"', '"keys":[]', "-1", "1e9", "8", "9", "true", relay.name],
        inputs,
      },
    );
    for (const what of ["nonsense", "welcome", "a welcome", "spare", "admitting", "key", "drain"]) {
      expect([what, understood.get(what) ?? 0]).toEqual([what, expect.any(Number)]);
      expect(understood.get(what)).toBeGreaterThan(10);
    }
  });
});

const parseJson = (input: Buffer): unknown => {
  try {
    return JSON.parse(input.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};
