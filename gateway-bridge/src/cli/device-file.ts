import { join } from "node:path";

import { textOption, type Command, type CommandContext, type CommandInput } from "./command.ts";

export const identityOption: Command["options"] = {
  identity: { type: "string", value: "FILE", help: "this device's identity (default: device.json in the data folder)" },
};

/** Where this device's identity lies. */
export const identityPath = (input: CommandInput, { data }: Pick<CommandContext, "data">): string =>
  textOption(input, "identity") ?? join(data, "device.json");
