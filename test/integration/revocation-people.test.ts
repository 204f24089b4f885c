import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Action, Grant } from "@gatehouse/shared";

import { browserOutputs, openClockedHome, type Arrivals, type ClockedHome } from "../support/clocked-home.ts";
import { eventually } from "../support/eventually.ts";
import { letGuestIn, letPersonIn, type LetIn } from "../support/let-in.ts";

/**
 * People and guests watch a camera by every way that a browser has, all at once. Then each loses its right in a way of its own; what it
 * gets a second after that is looked at, and whoever lost nothing must go on.
 */
const never = { signal: new AbortController().signal };
const longestMs = 1_000;
/** Shorter than any login lasts that nobody uses. */
const visitMs = 30 * 60_000;
const guestActions = ["live", "events"] as const;
const actions = [...guestActions, "clip"] as const;

/** Somebody, and how the right to look ends. */
interface Case {
  readonly letIn: (home: ClockedHome) => Promise<LetIn & { readonly end: () => unknown }>;
  readonly outputs: readonly string[];
  /** As the audit log has it. */
  readonly why: string;
}

const grantsOf = ({ camera }: ClockedHome, of: readonly Action[] = actions): Grant[] =>
  of.map((action) => ({ action, camera: camera.id }));

/** A person who holds nothing but a role. */
const withRole = async (home: ClockedHome, name: string) => {
  const role = await home.owner.call("addRole", { body: { name, grants: grantsOf(home) } }, never);
  return { role, person: await letPersonIn(home.gateway, home.owner, { grants: [], roles: [role.id] }) };
};

const guestOf = (home: ClockedHome, forMs: number) =>
  letGuestIn(home.gateway, home.owner, {
    ...{ name: "Guest", cameras: [home.camera.id], actions: [...guestActions] },
    until: home.clock.now() + forMs,
  });

const everything = Object.keys(browserOutputs);
const withoutClips = everything.filter((name) => name !== "a clip");

const cases: Readonly<Record<string, Case>> = {
  "a person whose role changes": {
    letIn: async (home) => {
      const { role, person } = await withRole(home, "Changed");
      const body = { name: role.name, grants: [] };
      return { ...person, end: () => home.owner.call("changeRole", { params: { role: role.id }, body }, never) };
    },
    outputs: everything,
    why: "not-granted",
  },
  "a person whose role is taken": {
    letIn: async (home) => {
      const { person } = await withRole(home, "Taken");
      const params = { principal: person.principal };
      return { ...person, end: () => home.owner.call("changePerson", { params, body: { roles: [] } }, never) };
    },
    outputs: everything,
    why: "not-granted",
  },
  "a guest whose link is revoked": {
    letIn: async (home) => {
      const guest = await guestOf(home, 2 * visitMs);
      const params = { link: guest.link };
      return { ...guest, end: () => home.owner.call("revokeGuestLink", { params }, never) };
    },
    outputs: withoutClips,
    why: "signed-out",
  },
  // Last: the clock is everybody's.
  "a guest whose time is over": {
    letIn: async (home) => ({ ...(await guestOf(home, visitMs)), end: () => home.clock.jump(visitMs) }),
    outputs: withoutClips,
    why: "signed-out",
  },
};

describe("the right to look", () => {
  const stack = new AsyncDisposableStack();
  let home: ClockedHome;
  const watched = new Map<string, Map<string, Arrivals>>();
  const principals = new Map<string, string>();
  const endedAt = new Map<string, number>();
  let beside: Arrivals;
  let besideThen = 0;

  beforeAll(async () => {
    home = await openClockedHome(stack);
    const motion = { active: false };
    const moving = setInterval(() => home.simulator.motion((motion.active = !motion.active)), 50);
    stack.defer(() => clearInterval(moving));
    const ends = new Map<string, () => unknown>();
    for (const [name, { letIn, outputs }] of Object.entries(cases)) {
      const { asker: client, principal, end } = await letIn(home);
      ends.set(name, end);
      principals.set(name, principal);
      const opened = new Map<string, Arrivals>();
      for (const output of outputs) opened.set(output, await browserOutputs[output]!(home, { client }, stack));
      watched.set(name, opened);
    }
    const { asker: client } = await letPersonIn(home.gateway, home.owner, { grants: grantsOf(home) });
    beside = await browserOutputs["live fMP4"]!(home, { client }, stack);
    for (const [name, arrivals] of [...watched.values()].flatMap((opened) => [...opened])) {
      await eventually(`something by ${name}`, () => arrivals.count >= 5);
    }
    for (const [name, end] of ends) {
      await end();
      endedAt.set(name, home.time.now());
    }
    await home.time.pass(2.5 * longestMs);
    besideThen = beside.count;
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  it.each(Object.entries(cases).flatMap(([name, { outputs }]) => outputs.map((output) => [name, output] as const)))(
    "of %s is gone from %s a second later",
    (name, output) => {
      const { lastAt, count } = watched.get(name)!.get(output)!;
      expect(count).toBeGreaterThanOrEqual(5);
      expect(lastAt - endedAt.get(name)!).toBeLessThan(longestMs);
    },
  );

  it("stays with whoever lost nothing", async () => {
    await eventually("more pictures", () => beside.count > besideThen + 20);
  });

  it("is written down where it ends, for each way of looking", async () => {
    const rows = await home.owner.call("listAudit", { query: { limit: 500 } }, never);
    for (const [name, { outputs, why }] of Object.entries(cases)) {
      const ended = rows.filter(
        ({ action, principal }) => action === "viewEnded" && principal === principals.get(name),
      );
      const ways = outputs.includes("a clip") ? actions : guestActions;
      expect([name, new Set(ended.map(({ detail }) => detail))]).toEqual([
        name,
        new Set(ways.map((way) => `${way}: ${why}`)),
      ]);
    }
  });
});
