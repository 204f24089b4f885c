import type { Command } from "../command.ts";

export const firstRunCommand: Command = {
  path: ["first-run"],
  summary: "a code that makes you the gateway's first person",
  operands: [],
  options: {},
  examples: ["gatehouse first-run"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const made = await gateway.call("makeFirstRunCode", {}, { signal });
    const until = new Date(made.expires).toLocaleTimeString();
    return {
      json: made,
      text: [
        made.code,
        "",
        `It works once, until ${until}. Whoever types it becomes the gateway's first person, who may do everything once a password and`,
        "an authenticator are set up.",
      ].join("\n"),
    };
  },
};
