import { renderUnicodeCompact } from "uqr";

import type { Command } from "../command.ts";
import { entranceLink } from "../entrance-link.ts";

export const firstRunCommand: Command = {
  path: ["first-run"],
  summary: "a code that makes you the gateway's first person",
  operands: [],
  options: {},
  examples: ["gatehouse first-run"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const made = await gateway.call("makeFirstRunCode", {}, { signal });
    const { url, here } = await entranceLink(gateway, { purpose: "first-run", code: made.code }, { signal });
    const until = new Date(made.expires).toLocaleTimeString();
    return {
      json: { ...made, url },
      text: [
        renderUnicodeCompact(url, { border: 2 }),
        "",
        `Scan it, or open it at home:  ${url}`,
        `In a browser on this box:     ${here}`,
        `Or type the code there:       ${made.code}`,
        "",
        `It works once, until ${until}. Whoever uses it becomes the gateway's first person, who may do everything once a passkey, or a`,
        "password and an authenticator, are set up.",
      ].join("\n"),
    };
  },
};
