import type { Command } from "../command.ts";
import { openUpdates, trialOptions } from "./update-installation.ts";

export const updateRollbackCommand: Command = {
  path: ["update", "rollback"],
  summary: "go back to the version before",
  operands: [],
  options: {
    "restore-data": {
      type: "boolean",
      help: "put the database from before the update back, too: what has changed since is lost, revocations as well",
    },
    ...trialOptions,
  },
  examples: ["sudo gatehouse update rollback", "sudo gatehouse update rollback --restore-data"],
  run: async (input, context) => {
    using updates = await openUpdates(input, context);
    await updates.recover({ beforeStart: false }, context);
    const version = await updates.rollback({ restore: input.options["restore-data"] === true }, context);
    return { json: { version }, text: `Version ${version} is back.` };
  },
};
