import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runKilledAt } from "../support/kill-at.ts";
import { initRelay } from "../support/relay-process.ts";
import { limits, newcomer, pins, resident, withBook } from "../support/relay-deeds.ts";

jest.setTimeout(120_000);

const program = new URL("../support/relay-deeds.ts", import.meta.url).pathname;

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-relay-book-"));
  data = join(folder, "data");
});
afterEach(() => rm(folder, { recursive: true }));

/** What is kept after each deed, in their order. */
const states = [
  { pins: undefined, limits: undefined, revoked: false },
  { pins: [pins.first], limits: {}, revoked: false },
  { pins: [pins.first, pins.next], limits: {}, revoked: false },
  { pins: [pins.next], limits: {}, revoked: false },
  { pins: [pins.next], limits, revoked: false },
  { pins: [pins.next], limits, revoked: true },
];

/** Which of them it is; fails where it is none of them, or the log does not tell of it. */
const reached = (): Promise<number> =>
  withBook(data, (book, intact) => {
    expect(intact).toBe(true);
    const found = book.find(newcomer);
    const kept = {
      pins: found?.pins,
      limits: found?.limits,
      revoked: book.find(resident)?.revoked !== undefined,
    };
    expect(states).toContainEqual(kept);
    return states.findIndex((state) => JSON.stringify(state) === JSON.stringify(kept));
  });

describe("SIGKILL of a relay before every step that changes what it keeps", () => {
  it("leaves each enrolment, change of keys, limit and revocation whole or not there, and none is lost later", async () => {
    const template = join(folder, "template");
    await initRelay(template);
    const secret = await withBook(template, (book) => {
      const first = book.invite({ ttlMs: 600_000 });
      book.redeem({ secret: first.secret, gateway: resident, pin: pins.resident });
      return book.invite({ ttlMs: 600_000 }).secret;
    });
    const seen = new Set<number>();
    let furthest = 0;
    for (let n = 1; ; n += 1) {
      await rm(data, { recursive: true, force: true });
      await cp(template, data, { recursive: true });
      const outcome = await runKilledAt(n, program, [data, secret]);
      const state = await reached();
      // A later kill never finds less.
      expect(state).toBeGreaterThanOrEqual(furthest);
      furthest = state;
      seen.add(state);
      if (outcome === "completed") break;
    }
    expect([...seen]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
