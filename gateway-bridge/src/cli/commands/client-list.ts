import { describeGrants } from "../../domain/grant-text.ts";
import type { Command } from "../command.ts";
import { table } from "../table.ts";

export const clientListCommand: Command = {
  path: ["client", "list"],
  summary: "who is paired, and what each may do",
  operands: [],
  options: {},
  examples: ["gatehouse client list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const principals = await gateway.call("listPrincipals", {}, { signal });
    const rows = principals.map((one) => [
      one.id,
      one.name,
      one.kind,
      one.revoked === null ? describeGrants(one.grants, "all cameras") : "revoked",
    ]);
    return { json: principals, text: table(["ID", "NAME", "KIND", "MAY"], rows) };
  },
};
