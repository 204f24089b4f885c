import { describe, expect, it } from "@jest/globals";
import { Action, Invitation, NewPerson, type GatewayClient } from "@gatehouse/shared";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { personAddCommand, personInviteCommand, personListCommand, personRemoveCommand } from "./person.ts";

const front = "cam-aaaaaaaaaaaaaaaa";
const ann = {
  id: "who-aaaaaaaaaaaaaaaa",
  name: "Ann",
  loginName: "ann",
  grants: [{ action: "live", camera: "*" }],
  roles: [],
  factors: { password: true, totp: true, passkeys: 0, recoveryCodes: 9 },
  created: 1,
  lastLogin: null,
};
const invitation = Invitation.parse({ person: ann, code: "abcde-fghij", expires: 1_700_000_000_000 });
const commands = [personAddCommand, personInviteCommand, personListCommand, personRemoveCommand];

/** Runs a command against a gateway that answers; gives what was asked of it too. */
const run = async (...args: string[]): Promise<{ answer: Answer | undefined; asked: [string, unknown][] }> => {
  const parsed = parseCommandLine(["person", ...args], commands);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: [string, unknown][] = [];
  const gateway = {
    call: async (route: string, { body, params }: { body?: unknown; params?: unknown }) => {
      if (route === "doorState") return { canonical: "https://gw.local:8443" };
      asked.push([route, body ?? params]);
      return route === "listPeople" ? [ann] : invitation;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    client: async () => gateway as unknown as GatewayClient,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return { answer: await parsed.command.run(parsed.input, context), asked };
};

describe("gatehouse person add", () => {
  it.each([
    [
      ["--camera", front],
      [`live ${front}`, `snapshot ${front}`, `events ${front}`],
    ],
    [
      ["--all-cameras", "--clips", "--talk"],
      ["live *", "snapshot *", "events *", "clip *", "talk *"],
    ],
    [["--admin"], Action.options.map((action) => `${action} *`)],
  ])("asks with %j for no more than that", async (args, grants) => {
    const { asked, answer } = await run("add", "Ann", "--name", "Ann B.", ...args);
    const [[route, body] = []] = asked;
    const made = NewPerson.parse(body);
    expect([route, made.name, made.loginName]).toEqual(["addPerson", "Ann B.", "ann"]);
    expect(made.grants.map(({ action, camera }) => `${action} ${camera}`)).toEqual(grants);
    expect(answer?.text).toContain("https://gw.local:8443/#invite=abcdefghij\n");
  });

  it.each([
    [["add", "ann"], "Say which cameras"],
    [["add", "ann", "--all-cameras", "--camera", front], "Say which cameras"],
    [["add", "ann", "--camera", "front"], "no camera's id"],
    [["add", "-ann", "--admin"], ""],
    [["add", "an n", "--admin"], "no login name"],
    [["invite", "ann"], "no person's id"],
    [["remove", "ann"], "no person's id"],
  ])("asks for nothing with %j", async (args, why) => {
    await expect(run(...args)).rejects.toThrow(why);
  });
});

it("gatehouse person list tells who signs in with what, and may what", async () => {
  const { answer } = await run("list");
  expect(answer?.text).toContain("password, authenticator, 9 recovery codes");
  expect(answer?.text).toContain("live on all cameras");
});

it.each([
  ["invite", "inviteAgain"],
  ["remove", "removePerson"],
])("gatehouse person %s names the person", async (command, route) => {
  const { asked } = await run(command, ann.id);
  expect(asked).toEqual([[route, { principal: ann.id }]]);
});
