import {
  Action,
  CameraId,
  GatehouseError,
  LoginName,
  PrincipalId,
  RoleId,
  type Cancellable,
  type ChangePerson,
  type GatewayClient,
  type Grant,
  type Invitation,
  type Person,
} from "@gatehouse/shared";

import { describeGrants } from "../../domain/grant-text.ts";
import { listOption, textOption, type Answer, type Command, type CommandInput } from "../command.ts";
import { entranceLink } from "../entrance-link.ts";
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

const rolesOf = (input: CommandInput): RoleId[] =>
  listOption(input, "role").map((text) => {
    const id = RoleId.safeParse(text);
    if (id.success) return id.data;
    throw new GatehouseError("request-invalid", `\`${text}\` is no role's id.`, {
      remedy: "`gatehouse role list` shows the ids.",
    });
  });

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
  if (!all && cameras.length === 0 && rolesOf(input).length > 0) return [];
  if (all === cameras.length > 0) {
    throw new GatehouseError("request-invalid", "Say which cameras the person may see.", {
      remedy: "Use --camera ID for each, or --all-cameras, or --admin for everything, or --role ID.",
    });
  }
  const places: readonly Grant["camera"][] = all ? ["*"] : cameras;
  const asked = (option: string): boolean => input.options[option] === true;
  const actions = [...usual, ...(asked("clips") ? ["clip" as const] : []), ...(asked("talk") ? ["talk" as const] : [])];
  return places.flatMap((camera) => actions.map((action) => ({ action, camera })));
};

const provesBy = ({ factors: { password, totp, passkeys, recoveryCodes } }: Person): string => {
  const second = totp || passkeys > 0;
  const all = [
    password && "password",
    totp && "authenticator",
    passkeys > 0 && (passkeys === 1 ? "a passkey" : `${passkeys} passkeys`),
    second && `${recoveryCodes} recovery codes`,
  ];
  return all.filter((one) => one !== false).join(", ") || "nothing yet";
};

const answer = async (
  gateway: GatewayClient,
  { person, code, expires }: Invitation,
  cancel: Cancellable,
): Promise<Answer> => {
  const { url } = await entranceLink(gateway, { purpose: "invite", code }, cancel);
  return {
    json: { person, code, expires, url },
    text: [
      url,
      "",
      `Send it to ${person.name}, whose login name is ${person.loginName}. It works once, until ${new Date(expires).toLocaleString()}, in your`,
      "home's network, and leads to setting up how to sign in.",
    ].join("\n"),
  };
};

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
      [...person.roles, describeGrants(person.grants, "all cameras")].filter((text) => text !== "").join(", "),
    ]);
    return { json: people, text: table(["ID", "NAME", "LOGIN NAME", "SIGNS IN WITH", "MAY"], rows) };
  },
};

export const personAddCommand: Command = {
  path: ["person", "add"],
  summary: "let one more person sign in; prints the link for the first time",
  operands: ["LOGIN-NAME"],
  options: {
    name: { type: "string", value: "NAME", help: "what to call the person (default: the login name)" },
    camera: { type: "string", value: "ID", multiple: true, help: "a camera to look at (may be repeated)" },
    "all-cameras": { type: "boolean", help: "every camera, also those added later" },
    clips: { type: "boolean", help: "let them fetch clips, too" },
    talk: { type: "boolean", help: "let them speak through the cameras, too" },
    role: { type: "string", value: "ID", multiple: true, help: "a role to hold (may be repeated)" },
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
    const body = { name, loginName: loginName.data, grants: grantsOf(input), roles: rolesOf(input) };
    await using gateway = await client();
    return await answer(gateway, await gateway.call("addPerson", { body }, { signal }), { signal });
  },
};

const changeOf = (input: CommandInput): ChangePerson => {
  const [name, roles] = [textOption(input, "name"), rolesOf(input)];
  const isNone = input.options["no-roles"] === true;
  if (isNone && roles.length > 0) throw new GatehouseError("request-invalid", "No roles, or some of them?");
  if (name === undefined && roles.length === 0 && !isNone) {
    throw new GatehouseError("request-invalid", "Say what to change.", { remedy: "Use --name, --role or --no-roles." });
  }
  return { ...(name !== undefined && { name }), ...((isNone || roles.length > 0) && { roles }) };
};

export const personChangeCommand: Command = {
  path: ["person", "change"],
  summary: "another name or other roles; what a person may not any more ends at once (see also `grant set`)",
  operands: ["ID"],
  options: {
    name: { type: "string", value: "NAME", help: "what to call the person" },
    role: {
      type: "string",
      value: "ID",
      multiple: true,
      help: "a role to hold, in place of those before (may be repeated)",
    },
    "no-roles": { type: "boolean", help: "take every role from the person" },
  },
  examples: ["gatehouse person change who-abcdefghijklmnop --role role-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const principal = readPerson(input);
    const body = changeOf(input);
    await using gateway = await client();
    const person = await gateway.call("changePerson", { params: { principal }, body }, { signal });
    const may = [...person.roles, describeGrants(person.grants, "all cameras")].filter((text) => text !== "");
    return { json: person, text: `${person.name} may now: ${may.join(", ") || "nothing"}` };
  },
};

export const personInviteCommand: Command = {
  path: ["person", "invite"],
  summary: "for a forgotten password: a new link, and every login of the person ends",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse person invite who-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const principal = readPerson(input);
    await using gateway = await client();
    return await answer(gateway, await gateway.call("inviteAgain", { params: { principal } }, { signal }), { signal });
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
