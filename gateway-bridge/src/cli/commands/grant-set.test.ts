import { describe, expect, it } from "@jest/globals";
import { ListedPrincipal, type GatewayClient, type Grant } from "@gatehouse/shared";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { grantListCommand } from "./grant-list.ts";
import { grantSetCommand } from "./grant-set.ts";

const id = "who-aaaaaaaaaaaaaaaa";
const front = "cam-aaaaaaaaaaaaaaaa";
const back = "cam-bbbbbbbbbbbbbbbb";
const held: Grant[] = [{ action: "events", camera: "*", until: 1_704_283_200_000 }];
const byRole: Grant = { action: "live", camera: "*" };
const known = ListedPrincipal.parse({
  ...{ id, name: "Ann", kind: "person", created: 1, revoked: null },
  ...{ grants: [...held, byRole], own: held, roles: ["role-aaaaaaaaaaaaaaaa"] },
});

/** Runs the command against a gateway that answers; gives what was asked of it too. */
const run = async (...args: string[]): Promise<{ answer: Answer | undefined; asked: unknown[] }> => {
  const parsed = parseCommandLine(["grant", ...args], [grantListCommand, grantSetCommand]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: unknown[] = [];
  const gateway = {
    call: async (route: string, request: { body?: Grant[]; params?: unknown }) => {
      if (route === "listPrincipals") return [known];
      asked.push(request.params, ...(request.body ?? []));
      return { ...known, grants: request.body };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    client: async () => gateway as unknown as GatewayClient,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return { answer: await parsed.command.run(parsed.input, context), asked };
};
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

describe("gatehouse grant set", () => {
  it.each<[string, string[], unknown[]]>([
    [
      "actions on cameras",
      ["--action", "live", "--action", "clip", "--camera", front, "--camera", back],
      [
        ...[front, back].map((camera) => ({ action: "live", camera })),
        ...[front, back].map((camera) => ({ action: "clip", camera })),
      ],
    ],
    ["all cameras", ["--action", "events", "--all-cameras"], [{ action: "events", camera: "*" }]],
    [
      "days and times in a zone",
      [
        "--action",
        "live",
        "--camera",
        front,
        "--days",
        "sat,sun",
        "--from",
        "22:00",
        "--to",
        "06:00",
        "--zone",
        "Europe/Berlin",
      ],
      [
        {
          action: "live",
          camera: front,
          schedule: { zone: "Europe/Berlin", windows: [{ days: ["sat", "sun"], from: "22:00", to: "06:00" }] },
        },
      ],
    ],
    [
      "a time alone, here and on every day",
      ["--action", "live", "--camera", front, "--from", "08:00"],
      [{ action: "live", camera: front, schedule: { zone, windows: [{ days, from: "08:00", to: "00:00" }] } }],
    ],
    [
      "places and an end",
      ["--action", "live", "--camera", front, "--place", "home", "--place", "away", "--until", "2024-01-03T12:00Z"],
      [{ action: "live", camera: front, places: ["home", "away"], until: 1_704_283_200_000 }],
    ],
    ["something more", ["--add", "--action", "live", "--camera", front], [...held, { action: "live", camera: front }]],
    ["nothing", ["--nothing"], []],
  ])("asks for %s", async (_case, args, grants) => {
    const { answer, asked } = await run("set", id, ...args);
    expect(asked).toEqual([{ principal: id }, ...grants]);
    expect(answer?.json).toEqual({ ...known, grants });
    expect(answer?.text).toMatch(/^Ann may now:\n/);
  });

  it.each<[string, string[], string]>([["no client's id", ["--nothing"], "`somebody` is no client's id."]])(
    "refuses %s",
    async (_case, args, message) => {
      await expect(run("set", "somebody", ...args)).rejects.toMatchObject({ code: "request-invalid", message });
    },
  );

  it.each<[string, string[], string]>([
    ["no action", ["--camera", front], "Say what is allowed, and on which cameras."],
    ["no camera", ["--action", "live"], "Say what is allowed, and on which cameras."],
    ["both", ["--action", "live", "--camera", front, "--all-cameras"], "All cameras, or some of them?"],
    ["an action that there is not", ["--action", "fly", "--all-cameras"], "There is no action `fly`"],
    ["no camera's id", ["--action", "live", "--camera", "front"], "`front` is no camera's id."],
    ["a day that there is not", ["--action", "live", "--all-cameras", "--days", "monday"], "That is no schedule."],
    ["a time that there is not", ["--action", "live", "--all-cameras", "--from", "24:00"], "That is no schedule."],
    ["a moment that is none", ["--action", "live", "--all-cameras", "--until", "tomorrow"], "`tomorrow` is no moment."],
    [
      "a place that there is not",
      ["--action", "live", "--all-cameras", "--place", "garden"],
      "Places are home and away.",
    ],
    ["nothing and something", ["--nothing", "--add"], "Nothing, or something more?"],
  ])("refuses %s", async (_case, args, message) => {
    const refused = expect.objectContaining({ code: "request-invalid", message: expect.stringContaining(message) });
    await expect(run("set", id, ...args)).rejects.toEqual(refused);
  });
});

describe("gatehouse grant list", () => {
  it("shows what one client may do, with its limits", async () => {
    const { answer } = await run("list", id);
    expect(answer?.json).toEqual([...held, byRole]);
    expect(answer?.text).toMatch(/ACTION +CAMERA +LIMITS\nevents +\* +until 2024-01-03T12:00:00\.000Z/);
  });

  it("says where there is no such client", async () => {
    await expect(run("list", "who-zzzzzzzzzzzzzzzz")).rejects.toMatchObject({ code: "not-found" });
  });
});
