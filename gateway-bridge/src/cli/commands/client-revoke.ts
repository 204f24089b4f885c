import { GatehouseError, PrincipalId } from "@gatehouse/shared";

import type { Command } from "../command.ts";

export const clientRevokeCommand: Command = {
  path: ["client", "revoke"],
  summary: "lock a paired client out, at once and for good",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse client revoke who-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const id = PrincipalId.safeParse(input.positionals[0]);
    if (!id.success)
      throw new GatehouseError("request-invalid", "That is no client's id.", {
        remedy: "`gatehouse client list` shows the ids.",
      });
    await using gateway = await client();
    await gateway.call("revokePrincipal", { params: { principal: id.data } }, { signal });
    return { json: { revoked: id.data }, text: `Revoked ${id.data}. Its live views ended.` };
  },
};
