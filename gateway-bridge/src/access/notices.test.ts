import { beforeEach, describe, expect, it } from "@jest/globals";
import { EventBus, PrincipalId, randomId, silentLogger, type Notice } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { Database } from "../store/database.ts";
import { Notices, quietMs } from "./notices.ts";

const ann = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
const bob = PrincipalId.parse("who-bbbbbbbbbbbbbbbb");

let database: Database;
let clock: TestClock;
let log: MemoryLogger;
let revoked: EventBus<PrincipalId>;
let notices: Notices;
const open = (): Notices =>
  Notices.open({ database, clock, log, principals: { onRevoked: (listener) => revoked.on(listener) } });
beforeEach(() => {
  database = Database.openInMemory();
  clock = new TestClock();
  log = new MemoryLogger();
  revoked = new EventBus(silentLogger);
  notices = open();
});
const texts = (list: readonly Notice[]): string[] => list.map(({ text }) => text);
const guessing = { kind: "guessing", text: "Somebody guesses." } as const;

describe("Notices", () => {
  it("tells each person its own, and those who govern what concerns the gateway", () => {
    notices.raise({ kind: "password-changed", person: ann, text: "Ann's" });
    notices.raise({ kind: "password-changed", person: bob, text: "Bob's" });
    notices.raise({ kind: "audit-broken", text: "everybody's who governs" });
    expect(texts(notices.of({ person: bob, governs: false }))).toEqual(["Bob's"]);
    expect(texts(notices.of({ person: ann, governs: true })).sort()).toEqual(["Ann's", "everybody's who governs"]);
    expect(notices.list()).toHaveLength(3);
    for (const { remedy } of notices.list()) expect(remedy).not.toBe("");
  });

  it("counts the same thing again instead of listing it twice, and keeps its first time", async () => {
    notices.raise(guessing);
    const first = clock.now();
    await clock.advance(2 * quietMs);
    notices.raise(guessing);
    expect(notices.list()).toMatchObject([{ count: 2, first, last: first + 2 * quietMs }]);
    notices.raise({ ...guessing, subject: "another" });
    notices.raise({ ...guessing, person: ann });
    expect(notices.list()).toHaveLength(3);
  });

  it("writes a flood once a minute, and counts all of it", async () => {
    let told = 0;
    using _listening = notices.onRaised(() => (told += 1));
    for (let index = 0; index < 10_000; index += 1) notices.raise({ ...guessing, text: `guess ${index}` });
    expect([told, log.lines.length]).toEqual([1, 1]);
    await clock.advance(quietMs);
    expect(told).toBe(2);
    expect(notices.list()).toMatchObject([{ count: 10_000, text: "guess 9999" }]);
    await clock.advance(10 * quietMs);
    expect([told, clock.pending]).toEqual([2, 0]);
  });

  it("is still there after a restart, with what was only counted", () => {
    for (let index = 0; index < 5; index += 1) notices.raise(guessing);
    notices[Symbol.dispose]();
    expect(open().list()).toMatchObject([{ count: 5 }]);
  });

  it("is dismissed by whom it concerns alone", () => {
    notices.raise({ kind: "new-device", person: ann, text: "Ann's" });
    notices.raise(guessing);
    const [own, common] = ["Ann's", guessing.text].map((text) => notices.list().find((each) => each.text === text)!.id);
    expect(notices.dismiss(own!, { person: bob, governs: true })).toBe(false);
    expect(notices.dismiss(common!, { person: bob, governs: false })).toBe(false);
    expect(notices.list()).toHaveLength(2);
    expect(notices.dismiss(own!, { person: ann, governs: false })).toBe(true);
    expect(notices.dismiss(own!, { person: ann, governs: false })).toBe(false);
    expect(notices.dismiss(common!)).toBe(true);
    expect(notices.list()).toEqual([]);
  });

  it("comes back after it was dismissed, when it happens again", async () => {
    notices.raise(guessing);
    notices.dismiss(notices.list()[0]!.id);
    notices.raise(guessing);
    await clock.advance(quietMs);
    expect(notices.list()).toMatchObject([{ count: 1 }]);
  });

  it("goes when its cause is gone, and no repeat brings it back", async () => {
    notices.raise({ kind: "certificate-failed", subject: "cams.example.org", text: "one" });
    notices.raise({ kind: "certificate-failed", subject: "cams.example.org", text: "one" });
    notices.raise({ kind: "certificate-failed", subject: "other.example.org", text: "other" });
    notices.withdraw("certificate-failed", "cams.example.org");
    await clock.advance(quietMs);
    expect(texts(notices.list())).toEqual(["other"]);
  });

  it("keeps the newest fifty for each", async () => {
    for (let index = 0; index < 60; index += 1) {
      notices.raise({ kind: "new-device", subject: `${index}`, person: ann, text: `device ${index}` });
      await clock.advance(1);
    }
    notices.raise({ kind: "new-device", person: bob, text: "Bob's" });
    const kept = texts(notices.of({ person: ann, governs: false }));
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, "device 59", "device 10"]);
  });

  it("goes with the person", () => {
    notices.raise({ kind: "new-device", person: ann, text: "Ann's" });
    revoked.emit(ann);
    expect(notices.list()).toEqual([]);
  });

  it("is said in the log, and told to whoever listens", () => {
    const told: Notice[] = [];
    using _listening = notices.onRaised((notice) => told.push(notice));
    notices.raise(guessing);
    expect(told).toMatchObject([{ kind: "guessing", count: 1, person: null }]);
    expect(log.lines).toMatchObject([
      { level: "warn", message: "notice: Somebody guesses.", fields: { notice: "guessing" } },
    ]);
  });

  it("breaks nothing where it cannot be kept", () => {
    database[Symbol.dispose]();
    notices.raise({ ...guessing, subject: randomId("note") });
    expect(log.lines.map(({ level }) => level)).toEqual(["warn", "error"]);
  });
});
