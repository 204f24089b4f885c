import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Grant } from "@gatehouse/shared";

import { ApplicationClient } from "../support/application-client.ts";
import { eventually } from "../support/eventually.ts";
import {
  openClockedHome,
  outputs,
  type ApplicationViewer,
  type Arrivals,
  type ClockedHome,
} from "../support/clocked-home.ts";

/**
 * One login watches a camera by every way out at once, and another beside it. Then the first loses its right, in each way in which
 * rights end: what it gets after that is looked at, and the other must go on.
 */
const never = { signal: new AbortController().signal };
const longestMs = 1_000;
const actions = ["live", "clip", "events"] as const;
const hourMs = 3_600_000;

const grantsOf = ({ camera }: ClockedHome, limits: Partial<Grant> = {}): Grant[] =>
  actions.map((action) => ({ action, camera: camera.id, ...limits }));

/** A login that holds these grants. */
const admit = async (home: ClockedHome, limits: Partial<Grant>): Promise<ApplicationViewer> => {
  const first = { action: "live", camera: home.camera.id } as const;
  const login = await home.owner.call("addApplication", { body: { name: "Viewer", grants: [first] } }, never);
  const params = { principal: login.principal };
  await home.owner.call("changeGrants", { params, body: grantsOf(home, limits) }, never);
  return { login, client: await ApplicationClient.of(home.gateway, login) };
};

/** Until an hour from now, by the box's clock. */
const scheduleUntil = (now: number): Grant["schedule"] => {
  const hour = (at: number): string => new Date(at).toISOString().slice(11, 16);
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  return { zone: "UTC", windows: [{ days: [...days], from: hour(now - hourMs), to: hour(now + hourMs) }] };
};

interface Cause {
  readonly limits?: (now: number) => Partial<Grant>;
  readonly happen: (home: ClockedHome, viewer: ApplicationViewer) => unknown;
  /** As the audit log has it. */
  readonly why: string;
}

const causes: Readonly<Record<string, Cause>> = {
  "is revoked": {
    happen: ({ owner }, { login: { principal } }) => owner.call("revokePrincipal", { params: { principal } }, never),
    why: "revoked",
  },
  "has its grants taken": {
    happen: ({ owner }, { login: { principal } }) =>
      owner.call("changeGrants", { params: { principal }, body: [] }, never),
    why: "not-granted",
  },
  "comes to the end of its schedule": {
    limits: (now) => ({ schedule: scheduleUntil(now) }),
    happen: ({ clock }) => clock.jump(hourMs + 60_000),
    why: "not-now",
  },
  "comes to the end of its grants": {
    limits: (now) => ({ until: now + hourMs }),
    happen: ({ clock }) => clock.jump(hourMs),
    why: "ended",
  },
};

describe.each(Object.entries(causes))("a login that %s", (_name, { limits, happen, why }) => {
  const stack = new AsyncDisposableStack();
  let home: ClockedHome;
  let lastAt: Readonly<Record<string, Arrivals>> = {};
  let beside: Arrivals;
  let besideThen = 0;
  let endedAt = 0;

  beforeAll(async () => {
    home = await openClockedHome(stack);
    const motion = { active: false };
    const moving = setInterval(() => home.simulator.motion((motion.active = !motion.active)), 50);
    stack.defer(() => clearInterval(moving));
    const [subject, other] = [await admit(home, limits?.(home.clock.now()) ?? {}), await admit(home, {})];
    const opened: Record<string, Arrivals> = {};
    for (const [name, output] of Object.entries(outputs)) opened[name] = await output(home, subject, stack);
    beside = await outputs["live fMP4"]!(home, other, stack);
    lastAt = opened;
    for (const [name, arrivals] of Object.entries(opened)) {
      await eventually(`something by ${name}`, () => arrivals.count >= 5);
    }
    await happen(home, subject);
    endedAt = home.time.now();
    await home.time.pass(2.5 * longestMs);
    besideThen = beside.count;
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  it.each(Object.keys(outputs))("gets nothing more by %s a second later", (name) => {
    const { lastAt: at, count } = lastAt[name]!;
    expect(count).toBeGreaterThanOrEqual(5);
    expect(at - endedAt).toBeLessThan(longestMs);
  });

  it("leaves another login's view of the same camera going on", async () => {
    await eventually("more pictures", () => beside.count > besideThen + 20);
  });

  it("is written down for each way of looking", async () => {
    const rows = await home.owner.call("listAudit", { query: { limit: 200 } }, never);
    const details = rows.filter(({ action }) => action === "viewEnded").map(({ detail }) => detail);
    expect(new Set(details)).toEqual(new Set([`live: ${why}`, `clip: ${why}`, `events: ${why}`]));
  });
});
