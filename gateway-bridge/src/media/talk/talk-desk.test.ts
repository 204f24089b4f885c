import { describe, expect, it } from "@jest/globals";
import { CameraId, GatehouseError, PrincipalId, silentLogger } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { AccessTally } from "../../audit/access-tally.ts";
import type { StreamEndpoint } from "../../domain/camera.ts";
import type { AudioTrack } from "../../domain/track.ts";
import type { AuditEntry, TalkBack } from "../../ports.ts";
import { deedBurst } from "../../domain/deed-budget-policy.ts";
import { denialBurst, denialRefillMs } from "../../domain/denial-budget.ts";
import { TalkDesk } from "./talk-desk.ts";
import { quietMs, refusedMs } from "./talk-policy.ts";

const camera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const [anna, ben] = ["who-aaaaaaaaaaaaaaaa", "who-bbbbbbbbbbbbbbbb"].map((id) => PrincipalId.parse(id)) as [
  PrincipalId,
  PrincipalId,
];
const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };
const opus: AudioTrack = { kind: "audio", codec: "opus", clockRate: 48_000, channels: 1 };

/** A camera with a loudspeaker, in the test's hands. */
class Speaker {
  readonly heard: [string, number][] = [];
  readonly ended = new AbortController();
  opened = 0;
  closed = 0;
  failure: GatehouseError | undefined;
  /** Held back until then. */
  answers: Promise<unknown> = Promise.resolve();
  /** Its connection takes that long to close. */
  goodbye: Promise<unknown> = Promise.resolve();

  async open(): Promise<TalkBack> {
    this.opened += 1;
    await this.answers;
    if (this.failure !== undefined) throw this.failure;
    return {
      track: pcmu,
      write: (data, timestamp) => void this.heard.push([data.toString(), timestamp]),
      ended: this.ended.signal,
      [Symbol.asyncDispose]: async () => {
        await this.goodbye;
        this.closed += 1;
      },
    };
  }
}

const setUp = () => {
  const clock = new TestClock();
  const speaker = new Speaker();
  const rows: AuditEntry[] = [];
  const converter = Promise.withResolvers<never>();
  const audit = { append: (entry: AuditEntry) => void rows.push(entry), failing: false };
  const rights = new Set([anna, ben]);
  const desk = new TalkDesk({
    endpoint: async () => ({ camera }) as StreamEndpoint,
    openTalkBack: () => speaker.open(),
    openConverter: async ({ to }, sink) => ({
      write: (unit) =>
        sink({ ...unit, data: Buffer.from(`${to.codec}:${unit.data.toString()}`), timestamp: unit.timestamp / 6 }),
      failed: () => converter.promise,
      [Symbol.asyncDispose]: async () => undefined,
    }),
    mayTalk: ({ principal }) => rights.has(principal),
    audit,
    accesses: new AccessTally({ audit, clock, log: silentLogger }),
    clock,
    log: silentLogger,
  });
  const say = async (microphone: { write(data: Buffer, timestamp: number): void }, text: string, at = 0) => {
    microphone.write(Buffer.from(text), at);
    await clock.advance(0);
  };
  return { clock, speaker, rows, rights, desk, say, converter };
};

describe("TalkDesk", () => {
  it("connects the camera with the first sound, which is not lost, and closes it when it has been quiet", async () => {
    const { clock, speaker, desk, say, rows } = setUp();
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    await clock.advance(60_000);
    expect(speaker.opened).toBe(0);
    await say(microphone, "one", 8_160);
    await say(microphone, "two", 8_320);
    expect(speaker.heard).toEqual([
      ["one", 0],
      ["two", 160],
    ]);
    expect(desk.talker(camera)).toBe(anna);
    await clock.advance(quietMs - 1);
    expect(speaker.closed).toBe(0);
    await clock.advance(1);
    expect([speaker.opened, speaker.closed, desk.talker(camera)]).toEqual([1, 1, undefined]);
    await say(microphone, "again", 90_000);
    expect(speaker.heard.at(-1)).toEqual(["again", 0]);
    expect(rows.map(({ principal, action, outcome }) => [principal, action, outcome])).toEqual([
      [anna, "talk", "allowed"],
      [anna, "talk", "allowed"],
    ]);
  });

  it("keeps what is said while the camera is being connected, and no more than a moment of it", async () => {
    const { clock, speaker, desk, say } = setUp();
    const answers = Promise.withResolvers<undefined>();
    speaker.answers = answers.promise;
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    for (let piece = 0; piece < 60; piece += 1) await say(microphone, String(piece), piece * 160);
    answers.resolve(undefined);
    await clock.advance(0);
    expect(speaker.heard.map(([text]) => text)).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 10)));
    expect(microphone.dropped).toBe(10);
  });

  it("lets the camera play what waited for it, also where it took longer to answer than anybody pauses", async () => {
    const { clock, speaker, desk, say } = setUp();
    const answers = Promise.withResolvers<undefined>();
    speaker.answers = answers.promise;
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    await say(microphone, "hello");
    await clock.advance(2 * quietMs);
    answers.resolve(undefined);
    await clock.advance(quietMs - 1);
    expect([speaker.heard, speaker.closed]).toEqual([[["hello", 0]], 0]);
    await clock.advance(1);
    expect(speaker.closed).toBe(1);
  });

  it("converts what the camera does not take", async () => {
    const { speaker, desk, say } = setUp();
    const microphone = desk.microphone({ camera, principal: anna, from: opus });
    await say(microphone, "a", 960);
    await say(microphone, "b", 1_920);
    expect(speaker.heard).toEqual([
      ["pcmu:a", 0],
      ["pcmu:b", 160],
    ]);
  });

  it("ends when the converter fails, and begins anew after a while", async () => {
    const { clock, speaker, desk, say, converter } = setUp();
    const microphone = desk.microphone({ camera, principal: anna, from: opus });
    await say(microphone, "a");
    converter.reject(new GatehouseError("transcode-failed", "it died"));
    await clock.advance(0);
    expect([microphone.talking, speaker.closed, desk.talker(camera)]).toEqual([false, 1, undefined]);
  });

  it("lets one talk at a time, and the other when the first has gone quiet", async () => {
    const { clock, speaker, desk, say, rows } = setUp();
    const first = desk.microphone({ camera, principal: anna, from: pcmu });
    const second = desk.microphone({ camera, principal: ben, from: pcmu });
    await say(first, "mine");
    await say(second, "not now");
    expect(speaker.heard.map(([text]) => text)).toEqual(["mine"]);
    expect(rows.at(-1)).toMatchObject({ principal: ben, outcome: "denied", detail: "talk-busy" });
    await clock.advance(Math.max(quietMs, refusedMs));
    await say(second, "now");
    expect(speaker.heard.map(([text]) => text)).toEqual(["mine", "now"]);
    expect(speaker.opened).toBe(2);
  });

  it("gives the loudspeaker to the next as soon as the connection of one who has gone quiet is closed", async () => {
    const { clock, speaker, desk, say, rows } = setUp();
    const goodbye = Promise.withResolvers<undefined>();
    speaker.goodbye = goodbye.promise;
    const first = desk.microphone({ camera, principal: anna, from: pcmu });
    await say(first, "mine");
    await clock.advance(quietMs);
    const second = desk.microphone({ camera, principal: ben, from: pcmu });
    await say(second, "already");
    expect([speaker.opened, speaker.closed]).toEqual([1, 0]);
    goodbye.resolve(undefined);
    await clock.advance(0);
    expect([speaker.opened, speaker.closed, desk.talker(camera)]).toEqual([2, 1, ben]);
    expect(speaker.heard.map(([text]) => text)).toEqual(["mine", "already"]);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["allowed", "allowed"]);
  });

  it("asks a camera that refused only now and then, and one without a loudspeaker never again", async () => {
    const { clock, speaker, desk, say } = setUp();
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    speaker.failure = new GatehouseError("camera-unreachable", "away");
    for (let piece = 0; piece < 10; piece += 1) await say(microphone, "x");
    expect(speaker.opened).toBe(1);
    speaker.failure = new GatehouseError("talk-unsupported", "none");
    await clock.advance(refusedMs);
    for (let piece = 0; piece < 10; piece += 1) await say(microphone, "x");
    await clock.advance(10 * refusedMs);
    for (let piece = 0; piece < 10; piece += 1) await say(microphone, "x");
    expect(speaker.opened).toBe(2);
  });

  it("asks for the right each time, and writes a refusal down", async () => {
    const { clock, speaker, desk, say, rights, rows } = setUp();
    rights.delete(anna);
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    await say(microphone, "no");
    expect([speaker.opened, desk.talker(camera)]).toEqual([0, undefined]);
    expect(rows).toMatchObject([{ principal: anna, outcome: "denied", detail: "access-denied" }]);
    rights.add(anna);
    await clock.advance(refusedMs * 2);
    await say(microphone, "still no: what is never will not change by itself");
    expect(speaker.opened).toBe(0);
    await say(desk.microphone({ camera, principal: anna, from: pcmu }), "yes");
    expect(speaker.opened).toBe(1);
  });

  it("does not talk when that cannot be written down", async () => {
    const { clock, speaker } = setUp();
    const desk = new TalkDesk({
      endpoint: async () => ({ camera }) as StreamEndpoint,
      openTalkBack: () => speaker.open(),
      openConverter: () => Promise.reject(new Error("not asked")),
      mayTalk: () => true,
      audit: {
        append: () => {
          throw new GatehouseError("audit-unwritable", "disk full");
        },
      },
      accesses: { deny: () => undefined },
      clock,
      log: silentLogger,
    });
    const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
    microphone.write(Buffer.from("x"), 0);
    await clock.advance(0);
    expect([speaker.opened, desk.talker(camera)]).toEqual([0, undefined]);
  });

  it("ends at once for a revoked principal, also while connecting, and for a camera that hangs up", async () => {
    const { clock, speaker, desk, say } = setUp();
    const answers = Promise.withResolvers<undefined>();
    speaker.answers = answers.promise;
    const connecting = desk.microphone({ camera, principal: anna, from: pcmu });
    await say(connecting, "early");
    desk.endAll({ principal: anna });
    answers.resolve(undefined);
    await clock.advance(0);
    expect([speaker.closed, speaker.heard, desk.talker(camera)]).toEqual([1, [], undefined]);
    const talking = desk.microphone({ camera, principal: ben, from: pcmu });
    await say(talking, "here");
    desk.endAll({ principal: anna });
    expect(talking.talking).toBe(true);
    speaker.ended.abort(new GatehouseError("camera-unreachable", "gone"));
    await clock.advance(0);
    expect([talking.talking, speaker.closed, desk.talker(camera)]).toEqual([false, 2, undefined]);
  });

  it("holds the loudspeaker for whoever is heard or about to be, and for nobody who is silent", async () => {
    const { clock, speaker, desk, say } = setUp();
    const answers = Promise.withResolvers<undefined>();
    speaker.answers = answers.promise;
    const owner = { camera, principal: anna, place: "home", assurance: "one", login: undefined } as const;
    const microphone = desk.microphone({ ...owner, from: pcmu });
    expect(desk.holds()).toEqual([]);
    await say(microphone, "early");
    expect(desk.holds()).toEqual([{ ...owner, action: "talk" }]);
    answers.resolve(undefined);
    await clock.advance(0);
    expect(desk.holds()).toEqual([{ ...owner, action: "talk" }]);
    desk.endAll({ principal: anna, camera, place: "home", assurance: "one" });
    await say(microphone, "late", 160);
    expect([desk.holds(), speaker.heard.map(([text]) => text)]).toEqual([[], ["early"]]);
  });

  it("has closed every connection when it is disposed, and leaves no timer", async () => {
    const { clock, speaker, desk, say } = setUp();
    await say(desk.microphone({ camera, principal: anna, from: pcmu }), "x");
    await desk[Symbol.asyncDispose]();
    expect([speaker.opened, speaker.closed, clock.pending]).toEqual([1, 1, 0]);
  });

  it("lets nobody fill the audit log, or wear the camera out, by picking up one microphone after another", async () => {
    const { speaker, rows, rights, desk, say, clock } = setUp();
    const pickUp = async (): Promise<void> => {
      const microphone = desk.microphone({ camera, principal: anna, from: pcmu });
      await say(microphone, "a");
      microphone[Symbol.dispose]();
      await clock.advance(0);
    };
    for (let time = 0; time < deedBurst + 100; time += 1) await pickUp();
    expect(speaker.opened).toBe(deedBurst);
    expect(rows.at(-1)).toMatchObject({ principal: anna, outcome: "denied", detail: "too-many-requests" });
    expect(rows).toHaveLength(deedBurst + denialBurst);
    rights.clear();
    for (let time = 0; time < 100; time += 1) await pickUp();
    expect(rows).toHaveLength(deedBurst + denialBurst);
    await clock.advance(denialRefillMs);
    await pickUp();
    expect(rows.slice(-2)).toMatchObject([
      { principal: anna, outcome: "denied", detail: "180 more refused, counted for up to 10 minutes" },
      { principal: anna, outcome: "denied", detail: "access-denied" },
    ]);
  });
});
