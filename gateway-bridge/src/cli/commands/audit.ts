import type { Command } from "../command.ts";
import { table } from "../table.ts";

export const auditCommand: Command = {
  path: ["audit"],
  summary: "who did what, newest first",
  operands: [],
  options: {},
  examples: ["gatehouse audit", "gatehouse audit --json"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const rows = await gateway.call("listAudit", { query: { limit: 100 } }, { signal });
    const lines = rows.map((row) => [
      new Date(row.time).toISOString(),
      row.principal,
      row.action,
      row.target,
      row.outcome,
      row.detail,
    ]);
    return { json: rows, text: table(["TIME", "WHO", "ACTION", "ON", "OUTCOME", "DETAIL"], lines) };
  },
};
