import type { Status } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

const asText = (status: Status): string => {
  const { gateway, audit } = status;
  const lines = [
    `${gateway.name} (${gateway.id}), version ${gateway.version}, at ${status.listen}`,
    `up since ${new Date(gateway.started).toISOString()}`,
    `${status.cameras} cameras, ${status.principals} paired clients`,
    `audit: ${audit.rows} rows, ${audit.intact ? "chain intact" : "CHAIN BROKEN: rows were changed from outside"}`,
  ];
  if (status.streams.length > 0) {
    const rows = status.streams.map((stream) => [
      stream.camera,
      stream.tier,
      String(stream.viewers),
      String(stream.connects),
      String(stream.accessUnits),
      String(stream.dropped),
    ]);
    lines.push("", table(["CAMERA", "TIER", "VIEWERS", "CONNECTS", "PICTURES", "DROPPED"], rows));
  }
  return lines.join("\n");
};

export const statusCommand: Command = {
  path: ["status"],
  summary: "what the gateway is doing",
  operands: [],
  options: {},
  examples: ["gatehouse status", "gatehouse status --json"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const status = await gateway.call("status", {}, { signal });
    return { json: status, text: asText(status) };
  },
};
