import { GatehouseError, Secret, type RemedyRun } from "@gatehouse/shared";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import { begin, camera, failure, owner, propose, World } from "./testing/remedy-world.ts";

const never = { signal: new AbortController().signal };

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.database[Symbol.dispose]());

describe("a remedy", () => {
  it("is done part by part, each after the one before is durable, and keeps what it takes to undo it", async () => {
    await using runs = world.open();
    const told: string[] = [];
    runs.onChanged(({ state }) => told.push(state));
    await begin(runs);
    await runs.settled();
    expect(world.remedy.asked).toEqual(["remember", 'apply {"was":"before"}', "verify"]);
    expect(told).toEqual(["proposed", "applying", "applying", "verifying", "verifying", "done"]);
    expect(runs.list()).toMatchObject([{ state: "done", evidence: ["seen"], endedAt: world.clock.now() }]);
    expect([...world.secrets.keys()]).toEqual([`camera/${camera}/before/${runs.list()[0]!.id}`]);
    runs.undo(runs.list()[0]!.id, owner);
    await runs.settled();
    expect(world.remedy.asked.at(-1)).toBe('undo {"was":"before"}');
    expect(runs.list()).toMatchObject([{ state: "undone", error: null, left: null }]);
    expect(world.secrets.size).toBe(0);
    expect(() => runs.undo(runs.list()[0]!.id, owner)).toThrow(expect.objectContaining({ code: "remedy-conflict" }));
  });

  it("changes nothing until the owner confirms it", async () => {
    await using runs = world.open();
    const proposed = await propose(runs);
    expect(proposed).toMatchObject({ state: "proposed", proposedBy: owner, confirmedBy: null });
    expect(world.remedy.asked).toEqual([]);
    // The same again takes its place.
    await propose(runs);
    expect(runs.list()).toHaveLength(1);
    await expect(runs.confirm(proposed.id, owner)).rejects.toMatchObject({ code: "not-found" });
  });

  it("is decided on once, and only as it was shown", async () => {
    await using runs = world.open();
    const { id } = await propose(runs);
    world.remedy.shown = { ...world.remedy.shown, stops: ["Everything."] };
    const conflict = { code: "remedy-conflict" };
    await expect(runs.confirm(id, owner)).rejects.toMatchObject(conflict);
    expect(world.remedy.asked).toEqual([]);
    expect(runs.list()).toMatchObject([{ state: "proposed", stops: ["Everything."] }]);
    await runs.confirm(id, owner);
    await runs.settled();
    await expect(runs.confirm(id, owner)).rejects.toMatchObject(conflict);
    expect(() => runs.decline(id, owner)).toThrow(expect.objectContaining(conflict));
    expect(world.remedy.asked.filter((part) => part.startsWith("apply"))).toHaveLength(1);
  });

  it("tells its owner what is left to do by hand where the camera lets nobody take it back", async () => {
    await using runs = world.open();
    await begin(runs);
    await runs.settled();
    world.remedy.byHand = ({ was }) => `By hand: ${String(was)}.`;
    world.unreachable = failure("remedy-failed", "nobody there");
    runs.undo(runs.list()[0]!.id, owner);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed", left: "nobody there. By hand: before." }]);
  });

  it("is not undone where it said that it cannot be", async () => {
    world.remedy.shown = { ...world.remedy.shown, undoable: false };
    await using runs = world.open();
    await begin(runs);
    await runs.settled();
    expect(world.secrets.size).toBe(0);
    const { id } = runs.list()[0]!;
    expect(() => runs.undo(id, owner)).toThrow(expect.objectContaining({ code: "remedy-conflict" }));
    expect(runs.list()).toMatchObject([{ state: "done" }]);
  });

  it("is one at a time for each camera", async () => {
    const going = Promise.withResolvers<true>();
    world.remedy.part.apply = () => going.promise;
    await using runs = world.open();
    await begin(runs);
    const second = await propose(runs);
    await expect(runs.confirm(second.id, owner)).rejects.toMatchObject({ code: "remedy-conflict" });
    going.resolve(true);
    await runs.settled();
    expect(world.remedy.asked.filter((part) => part.startsWith("apply"))).toHaveLength(1);
  });

  it("is taken back where it was not seen to work", async () => {
    world.remedy.part.verify = async () => ({ kind: "not-fixed", why: "It still says so." });
    await using runs = world.open();
    await begin(runs);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed", error: "It still says so.", left: null }]);
    expect(world.remedy.asked.at(-1)).toBe('undo {"was":"before"}');
    expect(world.secrets.size).toBe(0);
    expect(world.audit.at(-1)).toMatchObject({ outcome: "failed", detail: "clock-set: failed, It still says so." });
  });

  it("says what is left where it can not be taken back", async () => {
    world.remedy.part.apply = async () => Promise.reject(failure("camera-fault", "no"));
    world.remedy.part.undo = async () => Promise.reject(failure("remedy-failed", "Its clock is wrong."));
    await using runs = world.open();
    await begin(runs);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed", error: "no", left: "Its clock is wrong." }]);
  });

  it("waits for a camera that is away before it takes anything back", async () => {
    world.remedy.part.apply = async () => {
      world.unreachable = failure("camera-unreachable");
      throw failure("camera-unreachable");
    };
    await using runs = world.open();
    await begin(runs);
    await world.clock.advance(12_000);
    expect(runs.list()).toMatchObject([{ state: "undoing" }]);
    world.unreachable = undefined;
    await world.clock.advance(30_000);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed", left: null }]);
    expect(world.remedy.asked.at(-1)).toBe('undo {"was":"before"}');
  });

  it("waits until the camera may be asked, says until when and why, and begins then", async () => {
    const refusal = new GatehouseError("probe-refused", "so many were sent", { details: { retryInMs: 60_000 } });
    let first = true;
    world.remedy.part.remember = async () => {
      if (!first) return { was: "before" };
      first = false;
      throw refusal;
    };
    await using runs = world.open();
    const told: unknown[] = [];
    runs.onChanged(({ waiting }) => told.push(waiting));
    await begin(runs);
    await world.clock.advance(30_000);
    const waiting = { until: world.clock.now() + 31_000, why: "so many were sent" };
    expect(runs.list()).toMatchObject([{ state: "applying", waiting, error: null }]);
    expect(told).toContainEqual(waiting);
    expect(world.remedy.asked).toEqual(["remember"]);
    await world.clock.advance(31_000);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "done", waiting: null }]);
  });

  it("shows before what it would wait for, which is no other proposal when that has passed", async () => {
    const wait = { until: world.clock.now() + 1_234.5, why: "The camera saw wrong passwords." };
    world.remedy.shown = { ...world.remedy.shown, wait };
    await using runs = world.open();
    const { id, waiting } = await propose(runs);
    expect(waiting).toEqual({ ...wait, until: Math.ceil(wait.until) });
    world.remedy.shown = { steps: world.remedy.shown.steps, stops: [], undoable: true };
    await runs.confirm(id, owner);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "done", waiting: null }]);
  });

  it("keeps everybody else from logging in while the password is in doubt, and no longer", async () => {
    world.remedy.changesLogin = true;
    world.remedy.part.apply = async () => void world.rested.push("apply");
    world.remedy.part.verify = async () => {
      world.rested.push("verify");
      return { kind: "fixed", evidence: [] };
    };
    await using runs = world.open();
    await begin(runs);
    await runs.settled();
    expect(world.rested).toEqual(["rest", "apply", "wake", "verify"]);
  });

  it("leaves nothing in the vault when its camera was removed meanwhile", async () => {
    world.remedy.part.verify = async () => {
      world.present = false;
      throw failure("camera-unreachable");
    };
    await using runs = world.open();
    await begin(runs);
    await world.clock.advance(6_000);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed", error: "The camera was removed meanwhile." }]);
    expect(world.secrets.size).toBe(0);
  });

  it("forgets what was before an earlier change of the same kind, and what was of a camera that is gone", async () => {
    await using runs = world.open();
    for (let n = 0; n < 2; n += 1) {
      await begin(runs);
      await runs.settled();
    }
    expect([...world.secrets.keys()]).toEqual([`camera/${camera}/before/${runs.list()[0]!.id}`]);
    runs.forget(camera);
    expect(world.secrets.size).toBe(0);
  });

  it("is refused where nobody decides on what was proposed before", async () => {
    await using runs = world.open();
    await propose(runs);
    const row = world.database.sql.prepare("SELECT * FROM remedy_runs").get()!;
    const copy = world.database.sql.prepare("INSERT INTO remedy_runs VALUES (?, ?, ?, ?)");
    for (let n = 0; n < 64; n += 1) {
      const id = `mend-${n.toString(2).padStart(16, "a").replaceAll("0", "b").replaceAll("1", "c")}`;
      copy.run(id, "cam-bbbbbbbbbbbbbbbb", "proposed", row["content"]!);
    }
    await expect(propose(runs)).rejects.toMatchObject({ code: "too-many-requests" });
  });
});

describe("a remedy in a world that does not keep still", () => {
  const rows = () => world.database.sql.prepare("SELECT id, phase FROM remedy_runs").all();
  const fullDisk = (isFull: () => boolean): void => {
    const { database } = world;
    const transaction = database.transaction.bind(database);
    database.transaction = (work) => {
      if (isFull()) throw new Error("database or disk is full");
      return transaction(work);
    };
  };

  it.each(["remember", "apply", "verify", "undo"] as const)(
    "waits when the disk is full after %s, and gives nothing up",
    async (part) => {
      let full = false;
      const work = world.remedy.part[part];
      world.remedy.part[part] = async (tools) => {
        full = true;
        return work(tools);
      };
      if (part === "undo") world.remedy.part.verify = async () => ({ kind: "not-fixed", why: "no" });
      world.remedy.changesLogin = true;
      fullDisk(() => full);
      await using runs = world.open();
      await begin(runs);
      await world.clock.advance(60_000);
      const asked = [...world.remedy.asked];
      expect(runs.list()).toMatchObject([{ endedAt: null }]);
      full = false;
      world.remedy.part[part] = work;
      await world.clock.advance(120_000);
      await runs.settled();
      expect(runs.list()).toMatchObject([
        part === "undo" ? { state: "failed", error: "no", left: null } : { state: "done" },
      ]);
      // What was done is not done again: only the writing waited.
      expect(world.remedy.asked.slice(0, asked.length)).toEqual(asked);
      expect(new Set(world.remedy.asked).size).toBe(world.remedy.asked.length);
      expect(world.rested.at(-1)).toBe("wake");
    },
  );

  it("begins nothing that it cannot write down", async () => {
    await using runs = world.open();
    const { id } = await propose(runs);
    fullDisk(() => true);
    await expect(runs.confirm(id, owner)).rejects.toThrow("disk is full");
    await runs.settled();
    expect(world.remedy.asked).toEqual([]);
    expect(rows()).toMatchObject([{ phase: "proposed" }]);
  });

  it("goes on at a start with a full disk when there is room again", async () => {
    world.remedy.part.apply = () => new Promise(() => undefined);
    await begin(world.open());
    await world.clock.advance(0);
    world.remedy.part.apply = async () => undefined;
    let full = true;
    const prepare = world.database.sql.prepare.bind(world.database.sql);
    world.database.sql.prepare = (sql) => {
      if (full && sql.includes("INSERT INTO remedy_runs")) throw new Error("database or disk is full");
      return prepare(sql);
    };
    await using runs = world.open();
    runs.resume();
    await world.clock.advance(1_000);
    full = false;
    await world.clock.advance(60_000);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "done" }]);
  });

  it("is confirmed once by two who confirm it at once", async () => {
    await using runs = world.open();
    const { id } = await propose(runs);
    const both = await Promise.allSettled([runs.confirm(id, owner), runs.confirm(id, owner)]);
    await runs.settled();
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(world.remedy.asked.filter((part) => part.startsWith("apply"))).toHaveLength(1);
  });

  it("keeps its row when the same is proposed again while it is begun", async () => {
    const [looking, going] = [Promise.withResolvers<true>(), Promise.withResolvers<true>()];
    await using runs = world.open();
    const { id } = await propose(runs);
    const preview = world.remedy.preview.bind(world.remedy);
    world.remedy.preview = async () => {
      world.remedy.preview = preview;
      await looking.promise;
      return preview();
    };
    const again = propose(runs);
    world.remedy.part.apply = () => going.promise;
    await runs.confirm(id, owner);
    await world.clock.advance(0);
    looking.resolve(true);
    await again;
    expect(rows()).toContainEqual(expect.objectContaining({ id, phase: "applying" }));
    going.resolve(true);
    await runs.settled();
  });

  it("is not looked at for another while its camera's password is in doubt", async () => {
    const going = Promise.withResolvers<true>();
    world.remedy.changesLogin = true;
    world.remedy.part.apply = () => going.promise;
    await using runs = world.open();
    await begin(runs);
    await world.clock.advance(0);
    await expect(propose(runs)).rejects.toMatchObject({ code: "remedy-conflict" });
    going.resolve(true);
    await runs.settled();
    await expect(propose(runs)).resolves.toMatchObject({ state: "proposed" });
  });

  it("goes on at the next start when the gateway is stopped in the middle", async () => {
    const reached = Promise.withResolvers<true>();
    world.remedy.part.verify = async () => {
      reached.resolve(true);
      throw failure("camera-unreachable");
    };
    await using stopped = world.open();
    await begin(stopped);
    await reached.promise;
    await world.clock.advance(0);
    await stopped[Symbol.asyncDispose]();
    expect(rows()).toMatchObject([{ phase: "verifying" }]);
    expect(world.remedy.asked).not.toContain('undo {"was":"before"}');
    world.remedy.part.verify = async () => ({ kind: "fixed", evidence: [] });
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "done" }]);
  });

  it("is taken back after what rests on it, not before", async () => {
    await using runs = world.open();
    const done: RemedyRun[] = [];
    for (const remedy of ["tls-on", "http-off"] as const) {
      Object.assign(world.remedy, { id: remedy });
      const { id } = await runs.propose({ camera, remedy, vendor: false }, owner, never);
      await runs.confirm(id, owner);
      await runs.settled();
      await world.clock.advance(1_000);
      done.push(runs.list()[0]!);
    }
    const [tlsOn, httpOff] = done;
    expect(() => runs.undo(tlsOn!.id, owner)).toThrow(expect.objectContaining({ code: "remedy-conflict" }));
    for (const { id, remedy } of [httpOff!, tlsOn!]) {
      Object.assign(world.remedy, { id: remedy });
      runs.undo(id, owner);
      await runs.settled();
    }
    expect(runs.list().map(({ state }) => state)).toEqual(["undone", "undone"]);
  });

  it("leaves no password of any account behind when its camera was removed", async () => {
    world.remedy.part.apply = async ({ pending }) => {
      for (const purpose of ["clock-set", "clock-set/0", "clock-set/7"]) {
        pending.put(camera, purpose, { username: "root", password: Secret.of("next") });
      }
      world.present = false;
      throw failure("camera-unreachable");
    };
    await using runs = world.open();
    await begin(runs);
    await world.clock.advance(6_000);
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state: "failed" }]);
    expect([...world.secrets.keys()]).toEqual([]);
  });

  it("is not waited for any more where its camera was removed before anybody confirmed it", async () => {
    await using runs = world.open();
    await propose(runs);
    runs.forget(camera);
    expect(runs.list()).toEqual([]);
    await propose(runs);
    world.present = false;
    runs.resume();
    expect(runs.list()).toEqual([]);
  });
});
