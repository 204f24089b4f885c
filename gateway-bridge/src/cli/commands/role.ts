import { Name, RoleId, type Role } from "@gatehouse/shared";

import { describeGrants } from "../../domain/grant-text.ts";
import { textOption, type Answer, type Command, type CommandInput } from "../command.ts";
import { grantOptions, grantsOf, refuse } from "../grant-options.ts";
import { table } from "../table.ts";

const readRole = (text: string | undefined): RoleId => {
  const id = RoleId.safeParse(text);
  if (id.success) return id.data;
  throw refuse("That is no role's id.", "`gatehouse role list` shows the ids.");
};

const readName = (text: string | undefined): string => {
  const name = Name.safeParse(text);
  if (name.success) return name.data;
  throw refuse("Say what to call the role, in at most 64 letters.");
};

const answer = (role: Role): Answer => ({
  json: role,
  text: `${role.name} (${role.id}), held by ${role.people}: ${describeGrants(role.grants, "all cameras") || "nothing"}`,
});

export const roleListCommand: Command = {
  path: ["role", "list"],
  summary: "grants under a name, and how many people hold them",
  operands: [],
  options: {},
  examples: ["gatehouse role list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const roles = await gateway.call("listRoles", {}, { signal });
    const rows = roles.map((role) => [
      ...[role.id, role.name, String(role.people)],
      describeGrants(role.grants, "all cameras"),
    ]);
    return { json: roles, text: table(["ID", "NAME", "PEOPLE", "MAY"], rows) };
  },
};

export const roleAddCommand: Command = {
  path: ["role", "add"],
  summary: "put grants under a name, for people to hold together",
  operands: ["NAME"],
  options: grantOptions,
  examples: ["gatehouse role add Family --action live --action snapshot --action events --all-cameras"],
  run: async (input, { client, signal }) => {
    const body = { name: readName(input.positionals[0]), grants: grantsOf(input) };
    await using gateway = await client();
    return answer(await gateway.call("addRole", { body }, { signal }));
  },
};

/** What is to stay of the role is taken from what it is. */
const changed = (input: CommandInput, { name, grants }: Role): Pick<Role, "name" | "grants"> => {
  const saysGrants = Object.keys(grantOptions).some((option) => input.options[option] !== undefined);
  const newName = textOption(input, "name");
  if (!saysGrants && newName === undefined)
    throw refuse("Say what to change.", "Use --name, or --action and --camera.");
  return { name: newName === undefined ? name : readName(newName), grants: saysGrants ? grantsOf(input) : grants };
};

export const roleChangeCommand: Command = {
  path: ["role", "change"],
  summary: "say what a role allows, in place of all it did before; what it does not any more ends at once",
  operands: ["ID"],
  options: { ...grantOptions, name: { type: "string", value: "NAME", help: "call it so from now on" } },
  examples: [
    "gatehouse role change role-abcdefghijklmnop --action live --camera cam-abcdefghijklmnop",
    "gatehouse role change role-abcdefghijklmnop --name Neighbours",
  ],
  run: async (input, { client, signal }) => {
    const role = readRole(input.positionals[0]);
    await using gateway = await client();
    const before = (await gateway.call("listRoles", {}, { signal })).find(({ id }) => id === role);
    if (before === undefined) throw refuse(`There is no role ${role}.`, "`gatehouse role list` shows the ids.");
    const body = changed(input, before);
    return answer(await gateway.call("changeRole", { params: { role }, body }, { signal }));
  },
};

export const roleRemoveCommand: Command = {
  path: ["role", "remove"],
  summary: "remove a role that nobody holds",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse role remove role-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const role = readRole(input.positionals[0]);
    await using gateway = await client();
    await gateway.call("removeRole", { params: { role } }, { signal });
    return { json: { removed: role }, text: `Removed ${role}.` };
  },
};
