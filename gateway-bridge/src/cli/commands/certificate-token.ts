import { GatehouseError } from "@gatehouse/shared";

import type { Command } from "../command.ts";

export const certificateTokenCommand: Command = {
  path: ["certificate", "token"],
  summary: "give the gateway your DNS provider's token, and have it seek its certificate now",
  operands: [],
  options: { "token-stdin": { type: "boolean", help: "read the token from standard input" } },
  examples: ["gatehouse certificate token", "gatehouse certificate token --token-stdin < token.txt"],
  run: async ({ options }, { client, signal, terminal }) => {
    const typed =
      options["token-stdin"] === true
        ? await terminal.readInput()
        : await terminal.ask("Token of the DNS provider: ", { hidden: true });
    const token = typed?.trim() ?? "";
    if (token === "") {
      throw new GatehouseError("request-invalid", "There is no token, and no terminal to ask for it.", {
        remedy: "Give it on standard input, with --token-stdin.",
      });
    }
    await using gateway = await client();
    await gateway.call("setDnsToken", { body: { token } }, { signal });
    return {
      json: {},
      text: "The token lies in the vault. `gatehouse certificate` shows in a minute or two whether it opens the door.",
    };
  },
};
