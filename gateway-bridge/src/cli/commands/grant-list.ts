import { GatehouseError, PrincipalId, type Principal } from "@gatehouse/shared";

import { limitsOf } from "../../domain/grant-text.ts";
import type { Command } from "../command.ts";
import { table } from "../table.ts";

/** @throws GatehouseError `request-invalid` */
export const readPrincipal = (text: string | undefined): PrincipalId => {
  const id = PrincipalId.safeParse(text);
  if (id.success) return id.data;
  throw new GatehouseError("request-invalid", `\`${text ?? ""}\` is no client's id.`, {
    remedy: "`gatehouse client list` shows the ids.",
  });
};

/** What a principal may do, a line for each. */
export const grantTable = ({ grants }: Pick<Principal, "grants">): string =>
  grants.length === 0
    ? "It may do nothing."
    : table(
        ["ACTION", "CAMERA", "LIMITS"],
        grants.map((grant) => [grant.action, grant.camera, limitsOf(grant).replace(/^ \(|\)$/g, "")]),
      );

export const grantListCommand: Command = {
  path: ["grant", "list"],
  summary: "what one client may do, where, when and from where",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse grant list who-abcdefghijklmnop", "gatehouse grant list who-abcdefghijklmnop --json"],
  run: async (input, { client, signal }) => {
    const id = readPrincipal(input.positionals[0]);
    await using gateway = await client();
    const principals = await gateway.call("listPrincipals", {}, { signal });
    const found = principals.find((principal) => principal.id === id);
    if (found === undefined) throw new GatehouseError("not-found", `There is no client ${id}.`);
    return { json: found.grants, text: grantTable(found) };
  },
};
