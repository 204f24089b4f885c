import { describe, expect, it } from "@jest/globals";
import { SignedHead } from "@gatehouse/shared";

import { readHead } from "./head-note.ts";
import { headEveryMs, rowsPerHead } from "./signed-heads.ts";
import { formatVerifier, parseVerifier } from "./signed-note.ts";
import { gateway, LogWorld } from "./testing/log-world.ts";

const never = { signal: new AbortController().signal };

describe("SignedHeads", () => {
  it("signs where the log ends, in the contract's form, verifiable by the public key alone", () => {
    const world = new LogWorld();
    world.fill(3);
    const head = SignedHead.parse(world.heads.sign());
    expect(head).toMatchObject({ sequence: 3, hash: world.audit.list()[0]?.hash, time: world.clock.now() });
    const read = readHead(head.note, parseVerifier(world.heads.key)!);
    expect(read).toEqual({ sequence: 3, hash: Buffer.from(head.hash, "hex"), time: head.time });
    expect(head.note.split("\n").slice(0, 2)).toEqual([`gatehouse/${gateway}`, "3"]);
    expect(world.heads.list()).toEqual([head]);
  });

  it("signs no end twice, and nothing of an empty log", () => {
    const world = new LogWorld();
    expect(world.heads.sign()).toBeUndefined();
    world.fill(1);
    const first = world.heads.sign();
    expect(world.heads.sign()).toEqual(first);
    expect(world.heads.count).toBe(1);
  });

  it(`signs after ${rowsPerHead} rows, after ten minutes with rows, and when it closes`, async () => {
    const world = new LogWorld();
    const signed: (number | undefined)[] = [];
    world.heads.onSigned(() => signed.push(world.heads.newest?.sequence));
    world.fill(rowsPerHead + 5);
    await world.clock.advance(0);
    expect(signed).toEqual([rowsPerHead + 5]);
    await world.clock.advance(10 * headEveryMs);
    expect(signed).toHaveLength(1);
    world.append("one more");
    await world.clock.advance(headEveryMs - 1);
    expect(signed).toHaveLength(1);
    await world.clock.advance(1);
    expect(signed).toEqual([rowsPerHead + 5, rowsPerHead + 6]);
    world.append("the last");
    world.heads[Symbol.dispose]();
    expect(signed.at(-1)).toBe(rowsPerHead + 7);
    expect(world.clock.pending).toBe(0);
  });

  it("signs no row of a transaction that is undone", async () => {
    const world = new LogWorld();
    world.fill(rowsPerHead - 1);
    expect(() =>
      world.database.transaction(() => {
        world.append("undone");
        throw new Error("no");
      }),
    ).toThrow("no");
    await world.clock.advance(headEveryMs);
    expect(world.heads.newest?.sequence).toBe(rowsPerHead - 1);
    expect(await world.heads.findContradiction(never)).toBeUndefined();
  });

  it("goes on over restarts with the same key", () => {
    const world = new LogWorld();
    world.fill(2);
    world.heads[Symbol.dispose]();
    const again = world.again();
    expect(again.heads.key).toBe(world.heads.key);
    expect(again.heads.newest?.sequence).toBe(2);
    expect(again.log.lines).toEqual([]);
  });

  it("pages through heads both ways", () => {
    const world = new LogWorld();
    for (let row = 1; row <= 5; row += 1) {
      world.append(String(row));
      world.heads.sign();
    }
    const sequences = (heads: readonly SignedHead[]): number[] => heads.map(({ sequence }) => sequence);
    expect(sequences(world.heads.list({ limit: 2 }))).toEqual([5, 4]);
    expect(sequences(world.heads.list({ before: 3 }))).toEqual([2, 1]);
    expect(sequences(world.heads.after(3))).toEqual([4, 5]);
  });

  it("lets no statement of ours change or remove a head, but remembers what was pushed", () => {
    const world = new LogWorld();
    world.fill(1);
    world.heads.sign();
    const { sql } = world.database;
    expect(() => sql.exec("UPDATE audit_heads SET note = 'x'")).toThrow(/never change/);
    expect(() => sql.exec("DELETE FROM audit_heads")).toThrow(/never go/);
    world.heads.markPushed(1);
    expect(sql.prepare("SELECT pushed FROM audit_heads").get()?.["pushed"]).toBe(world.clock.now());
  });

  it("throws when it cannot write, and tries again with the next row", async () => {
    const world = new LogWorld();
    world.fill(1);
    world.database.sql.exec("PRAGMA query_only=ON");
    expect(() => world.heads.sign()).toThrow(expect.objectContaining({ code: "audit-unwritable" }));
    world.database.sql.exec("PRAGMA query_only=OFF");
    world.append("next");
    await world.clock.advance(headEveryMs);
    expect(world.heads.newest?.sequence).toBe(2);
  });

  it("signs nothing where the log's own head cannot be trusted", () => {
    const world = new LogWorld();
    world.fill(2);
    world.intrude("UPDATE audit_head SET mac = zeroblob(32)");
    expect(world.heads.sign()).toBeUndefined();
  });

  it.each<[string, string, number]>([
    [
      "the row that it names was changed with all that follows",
      "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 4",
      4,
    ],
    ["that row is gone", "DELETE FROM audit WHERE sequence >= 4", 4],
    ["its number was changed", "UPDATE audit_heads SET sequence = 5 WHERE sequence = 4", 5],
    ["its hash was changed", "UPDATE audit_heads SET hash = zeroblob(32) WHERE sequence = 4", 4],
    ["its time was changed", "UPDATE audit_heads SET time = 9223372036854775807 WHERE sequence = 4", 4],
    ["its note was changed", "UPDATE audit_heads SET note = replace(note, '4', '5') WHERE sequence = 4", 4],
    ["its note is none", "UPDATE audit_heads SET note = '' WHERE sequence = 4", 4],
    [
      "it was put in",
      "INSERT INTO audit_heads SELECT 9223372036854775807, hash, time, note, NULL FROM audit_heads LIMIT 1",
      2 ** 63,
    ],
  ])("says at the next start, and when asked, that a head does not lie in the log: %s", async (_, sql, sequence) => {
    const world = new LogWorld();
    world.fill(2);
    world.heads.sign();
    world.fill(2);
    world.heads.sign();
    world.intrude(sql);
    expect(await world.heads.findContradiction(never)).toMatchObject({ sequence });
    const again = world.again();
    const [line] = again.log.lines;
    expect(line).toMatchObject({ level: "error", fields: { code: "audit-contradicted" } });
    expect(again.audit.list()[0]).toMatchObject({ action: "auditContradicted", outcome: "failed" });
    expect(await again.heads.findContradiction(never)).toMatchObject({ sequence });
  });

  it("finds an old head too that does not lie in the log", async () => {
    const world = new LogWorld();
    for (let row = 0; row < 500; row += 1) {
      world.append(String(row));
      world.heads.sign();
    }
    world.intrude("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 321");
    expect(await world.heads.findContradiction(never)).toMatchObject({ sequence: 321 });
    const stopping = new AbortController();
    stopping.abort(new Error("enough"));
    await expect(world.heads.findContradiction(stopping)).rejects.toThrow("enough");
  });

  it("looks at each head once where it is asked often, and finds those that came since", async () => {
    const world = new LogWorld();
    const sign = (times: number): void => {
      for (let row = 0; row < times; row += 1) {
        world.append(String(row));
        world.heads.sign();
      }
    };
    sign(3);
    expect(await world.heads.findNewContradiction(never)).toBeUndefined();
    world.intrude("UPDATE audit_heads SET note = '' WHERE sequence = 2");
    expect(await world.heads.findNewContradiction(never)).toBeUndefined();
    expect(await world.heads.findContradiction(never)).toMatchObject({ sequence: 2 });
    sign(3);
    world.intrude("UPDATE audit_heads SET note = '' WHERE sequence = 5");
    for (const _again of [1, 2]) {
      expect(await world.heads.findNewContradiction(never)).toMatchObject({ sequence: 5 });
    }
    const { sequence } = (await world.again().heads.findNewContradiction(never)) ?? {};
    expect(sequence).toBe(2);
  });

  it("does not take a new key for an old one: a lost key shows for good", async () => {
    const world = new LogWorld();
    world.fill(1);
    world.heads.sign();
    world.secrets.held.delete("audit/note-key");
    const again = world.again();
    expect(again.heads.key).not.toBe(world.heads.key);
    expect(await again.heads.findContradiction(never)).toEqual({
      sequence: 1,
      why: "a head was not signed by this gateway's key",
    });
  });

  it("says where a head from elsewhere lies in the log", () => {
    const [world, other] = [new LogWorld(), new LogWorld()];
    world.fill(3);
    other.fill(3);
    expect(world.heads.locate(world.heads.sign()?.note ?? "")).toEqual({ sequence: 3 });
    expect(world.heads.locate(other.heads.sign()?.note ?? "")).toHaveProperty("contradiction");
    expect(formatVerifier(world.heads.verifier)).toBe(world.heads.key);
  });
});
