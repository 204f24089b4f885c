import type { Command } from "../command.ts";
import { table } from "../table.ts";

export const auditHeadsCommand: Command = {
  path: ["audit", "heads"],
  summary: "where the audit log stood, signed; newest first",
  operands: [],
  options: { key: { type: "boolean", help: "print only the public key that verifies them; keep it off this box" } },
  examples: ["gatehouse audit heads", "gatehouse audit heads --key > gatehouse-audit.key"],
  run: async ({ options }, { client, signal }) => {
    await using gateway = await client();
    const { key, heads } = await gateway.call("listAuditHeads", {}, { signal });
    if (options["key"] === true) return { json: { key }, text: key };
    const lines = heads.map(({ sequence, time, hash }) => [String(sequence), new Date(time).toISOString(), hash]);
    return { json: { key, heads }, text: table(["ROW", "SIGNED", "HASH"], lines) };
  },
};
