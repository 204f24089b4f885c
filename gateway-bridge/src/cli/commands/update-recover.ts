import { isGatehouseError } from "@gatehouse/shared";

import type { Updates } from "../../update/updates.ts";
import type { Command, CommandContext, CommandInput } from "../command.ts";
import { installationOptions, openUpdates } from "./update-installation.ts";

/** Undefined while an update is under way, which has the gateway started itself. */
const openUnlessBusy = async (input: CommandInput, context: CommandContext): Promise<Updates | undefined> => {
  try {
    return await openUpdates(input, context);
  } catch (error) {
    if (isGatehouseError(error) && error.code === "update-busy") return undefined;
    throw error;
  }
};

export const updateRecoverCommand: Command = {
  path: ["update", "recover"],
  summary: "bring an update that was cut off to an end (the systemd unit does so before each start)",
  operands: [],
  options: {
    "before-start": { type: "boolean", help: "the gateway is about to be started by whoever calls this" },
    ...installationOptions,
  },
  examples: ["sudo gatehouse update recover"],
  run: async (input, context) => {
    using updates = await openUnlessBusy(input, context);
    if (updates === undefined) return { json: { step: "busy" }, text: "An update is under way." };
    await updates.recover({ beforeStart: input.options["before-start"] === true }, context);
    return { json: { step: updates.journal.step }, text: "Nothing is left half done." };
  },
};
