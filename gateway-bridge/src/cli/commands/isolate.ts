import { text as readAll } from "node:stream/consumers";

import type { Command } from "../command.ts";
import { refuse } from "../grant-options.ts";

export const isolateCommand: Command = {
  path: ["isolate"],
  summary: "print rules of nftables that keep the cameras' network off the internet, for a box that routes it",
  operands: ["INTERFACE"],
  options: {},
  examples: ["gatehouse isolate wlan1 > /etc/nftables.d/gatehouse.nft", "gatehouse isolate wlan1 | sudo nft -c -f -"],
  run: async ({ positionals: [name = ""] }, { client, signal }) => {
    if (!/^[\w.-]{1,15}$/.test(name)) throw refuse(`\`${name}\` is no network interface.`, "`ip link` shows them.");
    await using gateway = await client();
    const query = { interface: name };
    const ruleset = await readAll(gateway.download("isolationRuleset", { query }, { signal }));
    return { json: { ruleset }, text: ruleset.trimEnd() };
  },
};
