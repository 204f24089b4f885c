import type { Command } from "../command.ts";
import { openUpdates, sourceOf, sourceOptions, trialOptions } from "./update-installation.ts";

export const updateApplyCommand: Command = {
  path: ["update", "apply"],
  summary: "install a newer version; what does not work is taken back",
  operands: [],
  options: {
    ...sourceOptions,
    again: { type: "boolean", help: "try a version again that was taken back on this box" },
    ...trialOptions,
  },
  examples: ["sudo gatehouse update apply", "sudo gatehouse update apply --from https://releases.example/gatehouse"],
  run: async (input, context) => {
    const source = await sourceOf(input, context);
    using updates = await openUpdates(input, context);
    await updates.recover({ beforeStart: false }, context);
    const version = await updates.apply(source, { again: input.options["again"] === true }, context);
    return { json: { version }, text: `Version ${version} runs.` };
  },
};
