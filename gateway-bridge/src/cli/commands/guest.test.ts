import { describe, expect, it } from "@jest/globals";
import { GuestLink, type GatewayClient, type NewGuestLink } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { guestInviteCommand, guestListCommand, guestRevokeCommand, stateOf } from "./guest.ts";

const camera = "cam-aaaaaaaaaaaaaaaa";
const another = "cam-bbbbbbbbbbbbbbbb";
const clock = new TestClock();
const hour = 3_600_000;
const now = clock.now();

const linkOf = (wish: Partial<NewGuestLink>): GuestLink =>
  GuestLink.parse({
    ...{ id: "link-aaaaaaaaaaaaaaaa", guest: "who-aaaaaaaaaaaaaaaa", name: "Plumber", cameras: [camera] },
    ...{ actions: ["live"], until: now + hour, madeBy: "who-bbbbbbbbbbbbbbbb", made: now, used: null, revoked: null },
    ...wish,
  });

/** Runs the command against a gateway that answers; gives what was asked of it too. */
const run = async (...args: string[]): Promise<{ answer: Answer | undefined; asked: unknown[] }> => {
  const parsed = parseCommandLine(["guest", ...args], [guestInviteCommand, guestListCommand, guestRevokeCommand]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: unknown[] = [];
  const gateway = {
    call: async (route: string, { body, params }: { body?: NewGuestLink; params?: unknown }) => {
      asked.push(body ?? params);
      if (route === "listGuestLinks") return [linkOf({})];
      return { link: linkOf(body ?? {}), url: "https://gw-x.local:8443/#guest=abcdefghij" };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    ...{ clock, client: async () => gateway as unknown as GatewayClient },
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return { answer: await parsed.command.run(parsed.input, context), asked };
};

describe("gatehouse guest invite", () => {
  it.each<[string, string[], Partial<NewGuestLink>]>([
    ["what guests usually want, for a day", [], { actions: ["live", "snapshot"], until: now + 24 * hour }],
    ["some hours", ["--hours", "1.5"], { until: now + 1.5 * hour }],
    ["up to a moment", ["--until", "2030-12-31T18:00Z"], { until: Date.UTC(2030, 11, 31, 18) }],
    [
      "actions, each once, on several cameras",
      ["--action", "talk", "--action", "talk", "--camera", another],
      { actions: ["talk"], cameras: [camera, another] as never },
    ],
    [
      "times of day",
      ["--from", "08:00", "--to", "20:00", "--days", "sat,sun", "--zone", "Europe/Berlin"],
      { schedule: { zone: "Europe/Berlin", windows: [{ days: ["sat", "sun"], from: "08:00", to: "20:00" }] } },
    ],
  ])("asks for %s", async (_case, args, wish) => {
    const { answer, asked } = await run("invite", "Plumber", "--camera", camera, ...args);
    expect(asked).toEqual([expect.objectContaining({ name: "Plumber", ...wish })]);
    // To be scanned, and to be copied.
    expect(answer?.text).toMatch(/█.*\nhttps:\/\/gw-x\.local:8443\/#guest=abcdefghij\n/s);
  });

  it.each<[string, string[], string]>([
    ["no camera", ["Plumber"], "Say which cameras the guest may see."],
    ["a camera's name", ["Plumber", "--camera", "Porch"], "`Porch` is no camera's id."],
    ["more than guests can do", ["Plumber", "--camera", camera, "--action", "clip"], "A guest cannot hold `clip`."],
    ["two ends", ["Plumber", "--camera", camera, "--hours", "1", "--until", "2030-12-31"], "Until when?"],
    ["no time", ["Plumber", "--camera", camera, "--hours", "0"], "`0` is no number of hours."],
    ["no name", ["", "--camera", camera], "Say whom the link is for, in at most 64 letters."],
  ])("says so where it was given %s", async (_case, args, message) => {
    await expect(run("invite", ...args)).rejects.toThrow(message);
  });
});

it.each<[Partial<GuestLink>, string]>([
  [{}, "not opened yet"],
  [{ used: now }, `opened ${new Date(now).toLocaleString()}`],
  [{ used: now, until: now }, "over"],
  [{ used: now, until: now, revoked: now }, "revoked"],
])("a guest link of which %j is known is %s", (known, state) => {
  expect(stateOf({ ...linkOf({}), ...known }, now)).toBe(state);
});

it("gatehouse guest revoke wants a link's id", async () => {
  await expect(run("revoke", "who-aaaaaaaaaaaaaaaa")).rejects.toThrow("That is no guest link's id.");
  expect((await run("revoke", "link-aaaaaaaaaaaaaaaa")).asked).toEqual([{ link: "link-aaaaaaaaaaaaaaaa" }]);
});
