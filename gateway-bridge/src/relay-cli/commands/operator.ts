import { GatehouseError, Name, systemCode } from "@gatehouse/shared";
import { access } from "node:fs/promises";

import { textOption, type CommandInput } from "../../cli/command.ts";
import { table } from "../../cli/table.ts";
import { loadOperatorKey, makeOperatorKey, saveOperatorKey } from "../../relay/control/operator-key.ts";
import { OperatorId, OperatorRole } from "../../relay/operators/operator.ts";
import { invalid, keyFileOf, keyOption, openControl, type RelayCommand } from "../relay-command.ts";

export const operatorListCommand: RelayCommand = {
  path: ["operator", "list"],
  summary: "who works at this relay",
  operands: [],
  options: keyOption,
  examples: ["gatehouse-relay operator list", "gatehouse-relay operator list --json"],
  run: async (input, context) => {
    const operators = await (await openControl(input, context)).call("listOperators", {}, context);
    const rows = operators.map(({ id, name, role, added, signedIn }) => [
      id,
      name,
      role,
      new Date(added).toISOString(),
      signedIn === null ? "never" : new Date(signedIn).toISOString(),
    ]);
    return { json: operators, text: table(["ID", "NAME", "ROLE", "ADDED", "SIGNED IN"], rows) };
  },
};

const readRole = (input: CommandInput): OperatorRole => {
  const role = OperatorRole.safeParse(textOption(input, "role") ?? "auditor");
  if (role.success) return role.data;
  throw invalid("--role is operator or auditor.", "See `gatehouse-relay operator add --help`.");
};

/** @throws GatehouseError `data-folder-used` where the file exists: it may be somebody's key */
export const assertAbsent = async (file: string): Promise<void> => {
  try {
    await access(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  throw new GatehouseError("data-folder-used", `${file} is there already.`, { remedy: "Name another file." });
};

export const operatorAddCommand: RelayCommand = {
  path: ["operator", "add"],
  summary: "let somebody work at this relay, with a key and an authenticator of its own",
  operands: ["NAME"],
  options: {
    ...keyOption,
    role: { type: "string", value: "ROLE", help: "operator, who may change things, or auditor (default)" },
    "new-key": { type: "string", value: "FILE", help: "where the new key is to be written, readable by you alone" },
  },
  examples: ["gatehouse-relay operator add bob --role auditor --new-key bob.json"],
  run: async (input, context) => {
    const name = Name.safeParse(input.positionals[0]);
    const file = textOption(input, "new-key");
    if (!name.success) throw invalid("That is no name.", "Letters, digits, spaces and signs, at most 64.");
    if (file === undefined) throw invalid("Where is the new key to be written?", "Name a file with --new-key.");
    await assertAbsent(file);
    const { authority, relay } = await loadOperatorKey(keyFileOf(input, context));
    const control = await openControl(input, context);
    const { publicKey, privateKey } = makeOperatorKey();
    const body = { name: name.data, role: readRole(input), publicKey };
    const { operator, certificate, totp } = await control.call("addOperator", body, context);
    const known = { version: 1, relay, operator: operator.id, name: operator.name, authority } as const;
    await saveOperatorKey(file, { ...known, certificate, privateKey });
    const text = [
      `${operator.name} (${operator.id}) is ${operator.role} of ${relay}. Shown only now, for the authenticator:`,
      `  ${totp.uri}`,
      `Give ${file} and this to ${operator.name} on two ways, and keep neither.`,
    ].join("\n");
    return { json: { operator, key: file, totp }, text };
  },
};

export const operatorRemoveCommand: RelayCommand = {
  path: ["operator", "remove"],
  summary: "let somebody work here no more, from this moment on",
  operands: ["ID"],
  options: keyOption,
  examples: ["gatehouse-relay operator remove op-abcdefghijklmnop"],
  run: async (input, context) => {
    const id = OperatorId.safeParse(input.positionals[0]);
    if (!id.success) throw invalid("That is no operator's id.", "`gatehouse-relay operator list` shows the ids.");
    await (await openControl(input, context)).call("removeOperator", { operator: id.data }, context);
    return { json: { operator: id.data }, text: `${id.data} is no operator any more.` };
  },
};
