import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import { camerasInDoubt } from "./remedy-journal.ts";
import { begin, camera, owner, propose, World } from "./testing/remedy-world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.database[Symbol.dispose]());

describe("a remedy that was cut off", () => {
  /** Begins it, and ends the gateway while that part is under way. */
  const cutOff = async (part: "remember" | "apply" | "verify" | "undo"): Promise<void> => {
    const working = world.remedy.part[part];
    const reached = Promise.withResolvers<true>();
    world.remedy.part[part] = () => {
      reached.resolve(true);
      return new Promise(() => undefined);
    };
    // Left as a kill leaves it: nothing is disposed of.
    void begin(world.open());
    await reached.promise;
    world.remedy.part[part] = working;
    world.remedy.asked.length = 0;
  };

  it.each([
    ["remember", ["remember", 'apply {"was":"before"}', "verify"]],
    ["apply", ['apply {"was":"before"}', "verify"]],
    ["verify", ["verify"]],
  ] as const)("in %s goes on there at the next start", async (part, asked) => {
    await cutOff(part);
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(world.remedy.asked).toEqual(asked);
    expect(runs.list()).toMatchObject([{ state: "done", error: null }]);
  });

  it("before it began does nothing that was not shown when it was confirmed", async () => {
    await cutOff("remember");
    world.remedy.shown = { ...world.remedy.shown, steps: ["Set the clock.", "Remove the account of a guest."] };
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(world.remedy.asked).toEqual([]);
    expect(runs.list()).toMatchObject([
      { state: "failed", error: expect.stringContaining("not as it was"), left: null },
    ]);
  });

  it("and two of one camera, by whatever way that came, are ended one after the other", async () => {
    await cutOff("verify");
    const row = world.database.sql.prepare("SELECT * FROM remedy_runs").get()!;
    const copy = world.database.sql.prepare("INSERT INTO remedy_runs VALUES (?, ?, ?, ?)");
    copy.run("mend-bbbbbbbbbbbbbbbb", camera, "remembering", row["content"]!);
    await using runs = world.open();
    await expect(propose(runs).then(({ id }) => runs.confirm(id, owner))).rejects.toMatchObject({
      code: "remedy-conflict",
    });
    runs.resume();
    await runs.settled();
    expect(world.remedy.asked).toEqual(["verify", "remember", 'apply {"was":"before"}', "verify"]);
    // Only the later one can be taken back.
    expect([...world.secrets.keys()]).toEqual([`camera/${camera}/before/mend-bbbbbbbbbbbbbbbb`]);
  });

  it.each([
    [false, "failed"],
    [true, "applying"],
  ] as const)("and that this version does not know, with the login in doubt (%s), is %s", async (doubt, state) => {
    world.remedy.changesLogin = doubt;
    await cutOff("apply");
    Object.assign(world.remedy, { id: "ddns-off" });
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(runs.list()).toMatchObject([{ state }]);
  });

  it("while it was taken back is taken back", async () => {
    world.remedy.part.verify = async () => ({ kind: "not-fixed", why: "no" });
    await cutOff("undo");
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(world.remedy.asked).toEqual(['undo {"was":"before"}']);
    expect(runs.list()).toMatchObject([{ state: "failed", error: "no" }]);
  });

  it("again and again is taken back", async () => {
    await cutOff("apply");
    for (let start = 1; start <= 2; start += 1) {
      world.remedy.part.apply = () => new Promise(() => undefined);
      world.open().resume();
      await world.clock.advance(0);
    }
    await using runs = world.open();
    runs.resume();
    await runs.settled();
    expect(world.remedy.asked.at(-1)).toBe('undo {"was":"before"}');
    expect(runs.list()).toMatchObject([{ state: "failed", left: null }]);
  });

  it.each([
    ["remember", false],
    ["apply", true],
    ["verify", false],
  ] as const)("in %s leaves the login in doubt: %s", async (part, doubt) => {
    world.remedy.changesLogin = true;
    await cutOff(part);
    expect(camerasInDoubt(world.database)).toEqual(doubt ? [camera] : []);
  });
});
