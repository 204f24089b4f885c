import {
  Action,
  CameraId,
  GatehouseError,
  LoginName,
  PrincipalId,
  type Grant,
  type Invitation,
  type Person,
} from "@gatehouse/shared";

import { describeGrants } from "../../domain/grant-text.ts";
import { listOption, textOption, type Answer, type Command, type CommandInput } from "../command.ts";
import { table } from "../table.ts";

/** What a family member usually wants. */
const usual: readonly Action[] = ["live", "snapshot", "events"];

const readPerson = (input: CommandInput): PrincipalId => {
  const id = PrincipalId.safeParse(input.positionals[0]);
  if (id.success) return id.data;
  throw new GatehouseError("request-invalid", "That is no person's id.", {
    remedy: "`gatehouse person list` shows the ids.",
  });
};

const grantsOf = (input: CommandInput): Grant[] => {
  const cameras = listOption(input, "camera").map((text) => {
    const id = CameraId.safeParse(text);
    if (id.success) return id.data;
    throw new GatehouseError("request-invalid", `\`${text}\` is no camera's id.`, {
      remedy: "`gatehouse camera list` shows the ids.",
    });
  });
  const all = input.options["all-cameras"] === true;
  if (input.options["admin"] === true) return Action.options.map((action) => ({ action, camera: "*" }));
  if (all === cameras.length > 0) {
    throw new GatehouseError("request-invalid", "Say which cameras the person may see.", {
      remedy: "Use --camera ID for each, or --all-cameras, or --admin for everything.",
    });
  }
  const places: readonly Grant["camera"][] = all ? ["*"] : cameras;
  const asked = (option: string): boolean => input.options[option] === true;
  const actions = [...usual, ...(asked("clips") ? ["clip" as const] : []), ...(asked("talk") ? ["talk" as const] : [])];
  return places.flatMap((camera) => actions.map((action) => ({ action, camera })));
};

const provesBy = ({ factors: { password, totp, recoveryCodes } }: Person): string => {
  if (!password) return "nothing yet";
  return totp ? `password, authenticator, ${recoveryCodes} recovery codes` : "password";
};

const answer = (invitation: Invitation): Answer => ({
  json: invitation,
  text: [
    invitation.code,
    "",
    `Give it to ${invitation.person.name}, whose login name is ${invitation.person.loginName}. It works once, until ${new Date(invitation.expires).toLocaleString()},`,
    "and leads to setting a password.",
  ].join("\n"),
});

export const personListCommand: Command = {
  path: ["person", "list"],
  summary: "who may sign in with a browser",
  operands: [],
  options: {},
  examples: ["gatehouse person list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const people = await gateway.call("listPeople", {}, { signal });
    const rows = people.map((person) => [
      person.id,
      person.name,
      person.loginName,
      provesBy(person),
      describeGrants(person.grants, "all cameras"),
    ]);
    return { json: people, text: table(["ID", "NAME", "LOGIN NAME", "SIGNS IN WITH", "MAY"], rows) };
  },
};

export const personAddCommand: Command = {
  path: ["person", "add"],
  summary: "let one more person sign in; prints the code for the first time",
  operands: ["LOGIN-NAME"],
  options: {
    name: { type: "string", value: "NAME", help: "what to call the person (default: the login name)" },
    camera: { type: "string", value: "ID", multiple: true, help: "a camera to look at (may be repeated)" },
    "all-cameras": { type: "boolean", help: "every camera, also those added later" },
    clips: { type: "boolean", help: "let them fetch clips, too" },
    talk: { type: "boolean", help: "let them speak through the cameras, too" },
    admin: { type: "boolean", help: "let them do everything, as you may" },
  },
  examples: ["gatehouse person add ann --all-cameras", "gatehouse person add bob --name 'Bob B.' --admin"],
  run: async (input, { client, signal }) => {
    const loginName = LoginName.safeParse(input.positionals[0]);
    if (!loginName.success) {
      throw new GatehouseError("request-invalid", "That is no login name.", {
        remedy: "Use letters, digits, and . _ @ - after the first.",
      });
    }
    const name = textOption(input, "name") ?? loginName.data;
    const body = { name, loginName: loginName.data, grants: grantsOf(input) };
    await using gateway = await client();
    return answer(await gateway.call("addPerson", { body }, { signal }));
  },
};

export const personInviteCommand: Command = {
  path: ["person", "invite"],
  summary: "for a forgotten password: a new code, and every login of the person ends",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse person invite who-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const principal = readPerson(input);
    await using gateway = await client();
    return answer(await gateway.call("inviteAgain", { params: { principal } }, { signal }));
  },
};

export const personRemoveCommand: Command = {
  path: ["person", "remove"],
  summary: "lock a person out, at once and for good",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse person remove who-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const principal = readPerson(input);
    await using gateway = await client();
    await gateway.call("removePerson", { params: { principal } }, { signal });
    return { json: { removed: principal }, text: `Removed ${principal}. Every login and live view of theirs ended.` };
  },
};
