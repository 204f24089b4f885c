import { GatehouseError } from "@gatehouse/shared";

import { erase } from "../../backup/erase.ts";
import type { Command } from "../command.ts";

export const eraseCommand: Command = {
  path: ["erase"],
  summary: "destroy this gateway's keys, then all of its data, for good",
  operands: [],
  options: { yes: { type: "boolean", help: "really do it" } },
  examples: ["gatehouse erase --yes"],
  run: async ({ options }, { data }) => {
    if (options["yes"] !== true) {
      throw new GatehouseError("request-invalid", `This would destroy the gateway in ${data} for good.`, {
        remedy: "If you mean it, say --yes. Nothing was erased.",
      });
    }
    const { left } = await erase(data);
    return {
      json: { data, left },
      text: [
        `The gateway in ${data} is gone. Backups open as before: destroy them too if nobody is to have them.`,
        ...(left.length === 0 ? [] : [`Files that are not Gatehouse's were left: ${left.join(", ")}.`]),
      ].join("\n"),
    };
  },
};
