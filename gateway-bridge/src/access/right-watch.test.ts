import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, LoginId, PrincipalId, type Grant, type Principal } from "@gatehouse/shared";
import { EventBus, silentLogger } from "@gatehouse/shared";

import { matchesFilter, type SessionFilter } from "../domain/session-filter.ts";
import type { Hold, Holder } from "../ports.ts";
import { RightWatch } from "./right-watch.ts";
import { openDoor, type Door } from "./testing/open-door.ts";

const camera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const login = LoginId.parse("login-aaaaaaaaaaaaaaaa");

/** Everything that flows by one way, in the test's hands. */
class Way implements Holder {
  flowing: Hold[] = [];
  readonly ended: string[] = [];

  holds(): readonly Hold[] {
    return this.flowing;
  }

  endAll(of: SessionFilter, why: string): void {
    for (const hold of this.flowing.filter((each) => matchesFilter(of, each)))
      this.ended.push(`${hold.action}: ${why}`);
    this.flowing = this.flowing.filter((each) => !matchesFilter(of, each));
  }
}

let door: Door;
let way: Way;
let other: Way;
let watch: RightWatch;
let pins = 0;
const standing = new Set([login]);
const logins = new EventBus<LoginId>(silentLogger);
let looked: PrincipalId[];

const admit = (grants: Grant[]): Principal =>
  door.principals.create({ name: "n", kind: "homebridge", grants, pin: String(++pins).padStart(43, "A") });
const flow = (principal: Principal, over: Partial<Hold> = {}): Hold => {
  const hold: Hold = { principal: principal.id, camera, action: "live", place: "home", assurance: "one", ...over };
  way.flowing.push(hold);
  return hold;
};
const live = (limits: Partial<Grant> = {}): Grant => ({ action: "live", camera, ...limits });
const written = (): string[] =>
  door.audit.rows.filter(({ action }) => action === "viewEnded").map(({ target, detail }) => `${target} ${detail}`);

beforeEach(async () => {
  door = await openDoor();
  [way, other, looked] = [new Way(), new Way(), []];
  standing.add(login);
  const { principals, audit, clock, log } = door;
  watch = RightWatch.open({
    holders: [way, other],
    principals: {
      get: (id) => {
        looked.push(id);
        return principals.get(id);
      },
      onChanged: (listener) => principals.onChanged(listener),
    },
    logins: { get: (id) => (standing.has(id) ? {} : undefined), onEnded: (listener) => logins.on(listener) },
    audit,
    clock,
    log,
  });
});
afterEach(() => {
  watch[Symbol.dispose]();
  door.database[Symbol.dispose]();
});

describe("RightWatch", () => {
  it("lets flow what may", async () => {
    const hold = flow(admit([live()]));
    await door.clock.advance(10_000);
    expect([way.flowing, way.ended, written()]).toEqual([[hold], [], []]);
  });

  it.each<[string, (who: Principal) => void, string]>([
    ["its principal is revoked", ({ id }) => door.principals.revoke(id), "revoked"],
    ["its grant is taken", ({ id }) => door.principals.setGrants(id, []), "not-granted"],
    [
      "it is left for another action",
      ({ id }) => door.principals.setGrants(id, [{ action: "events", camera }]),
      "not-granted",
    ],
    [
      "its grant is only for away from now on",
      ({ id }) => door.principals.setGrants(id, [live({ places: ["away"] })]),
      "not-here",
    ],
  ])("ends what flows in the very moment that %s", (_case, happen, why) => {
    const [who, neighbour] = [admit([live()]), admit([live()])];
    flow(who);
    const kept = flow(neighbour);
    happen(who);
    expect(way.flowing).toEqual([kept]);
    expect(way.ended).toEqual([`live: the right to it has ended (${why})`]);
    expect(written()).toEqual([`${camera} live: ${why}`]);
  });

  it.each<[string, (now: number) => Partial<Grant>, string]>([
    ["date", (now) => ({ until: now + 60_000 }), "ended"],
    // The test's clock begins at 22:13:20 UTC.
    [
      "schedule",
      () => ({ schedule: { zone: "UTC", windows: [{ days: ["tue"], from: "22:00", to: "22:14" }] } }),
      "not-now",
    ],
  ])("ends what flows within half a second of the end of its %s", async (_case, limits, why) => {
    flow(admit([live(limits(door.clock.now()))]));
    const leftMs = why === "ended" ? 60_000 : 40_000;
    await door.clock.advance(leftMs - 1);
    expect(way.flowing).toHaveLength(1);
    await door.clock.advance(501);
    expect([way.flowing, written()]).toEqual([[], [`${camera} live: ${why}`]]);
  });

  it("ends what flows to a login at the moment that it ends, and nothing else of the same principal", () => {
    const who = admit([live()]);
    flow(who, { login });
    const kept = flow(who);
    standing.delete(login);
    logins.emit(login);
    expect(way.flowing).toEqual([kept]);
    expect(written()).toEqual([`${camera} live: signed-out`]);
  });

  it("ends what flows by one right alone, where its owner has another", () => {
    const who = admit([live(), { action: "talk", camera }]);
    flow(who);
    const talk: Hold = { principal: who.id, camera, action: "talk", place: "home", assurance: "one" };
    other.flowing.push(talk);
    door.principals.setGrants(who.id, [live()]);
    expect([way.flowing.length, other.flowing]).toEqual([1, []]);
    door.principals.setGrants(who.id, []);
    expect(way.flowing).toEqual([]);
  });

  it("takes what does not say how it came for the worst", async () => {
    flow(admit([live()]), { place: undefined, assurance: undefined });
    await door.clock.advance(500);
    expect([way.flowing, written()]).toEqual([[], [`${camera} live: not-here`]]);
  });

  it("writes one row for several of the same kind", () => {
    const who = admit([live()]);
    for (let count = 0; count < 3; count += 1) flow(who);
    door.principals.revoke(who.id);
    expect([way.flowing, way.ended.length, written().length]).toEqual([[], 3, 1]);
  });

  it("ends what belongs to nobody that is known, or can be looked up", async () => {
    flow({ id: PrincipalId.parse("who-zzzzzzzzzzzzzzzz") } as Principal);
    await door.clock.advance(500);
    expect([way.flowing, written()]).toEqual([[], [`${camera} live: unknown`]]);
    const who = admit([live()]);
    door.database.sql.exec("UPDATE grants SET action = 'everything'");
    flow(who);
    await door.clock.advance(500);
    expect(way.flowing).toEqual([]);
    expect(door.log.lines.some(({ message }) => message === "principal could not be looked up")).toBe(true);
  });

  it("ends what may not flow also where that cannot be written down", () => {
    const who = admit([live()]);
    const [first, second] = [flow(who), flow(who, { camera: CameraId.parse("cam-bbbbbbbbbbbbbbbb") })];
    door.audit.broken = true;
    watch.look();
    expect(way.flowing).toEqual([first]);
    expect(way.flowing).not.toContain(second);
    expect(door.log.lines.some(({ message }) => /could not be audited/.test(message))).toBe(true);
  });

  it("looks somebody up once, until something about them changes", async () => {
    const who = admit([live()]);
    for (let count = 0; count < 20; count += 1) flow(who);
    await door.clock.advance(5_000);
    expect(looked).toEqual([who.id]);
    door.principals.setGrants(who.id, [live({ until: door.clock.now() + 1e6 })]);
    expect(looked).toEqual([who.id, who.id]);
    way.flowing = [];
    await door.clock.advance(500);
    flow(who);
    await door.clock.advance(500);
    expect(looked).toHaveLength(3);
  });

  it("looks no more once it is closed", async () => {
    const who = admit([live()]);
    flow(who);
    watch[Symbol.dispose]();
    expect(door.clock.pending).toBe(0);
    door.principals.revoke(who.id);
    await door.clock.advance(1_000);
    expect(way.ended).toEqual([]);
  });
});
