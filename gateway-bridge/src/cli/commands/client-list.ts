import type { Principal } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

const grantsOf = ({ grants }: Principal): string => {
  const byCamera = Map.groupBy(grants, ({ camera }) => camera);
  return [...byCamera]
    .map(
      ([camera, list]) => `${list.map(({ action }) => action).join("+")} on ${camera === "*" ? "all cameras" : camera}`,
    )
    .join("; ");
};

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
      one.revoked === null ? grantsOf(one) : "revoked",
    ]);
    return { json: principals, text: table(["ID", "NAME", "KIND", "MAY"], rows) };
  },
};
