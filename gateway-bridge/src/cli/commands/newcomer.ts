import { NewcomerId } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { refuse } from "../grant-options.ts";
import { table } from "../table.ts";

export const newcomerListCommand: Command = {
  path: ["newcomer", "list"],
  summary: "cameras on the network that were not added: nobody is shown anything of them",
  operands: [],
  options: {},
  examples: ["gatehouse newcomer list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const newcomers = await gateway.call("listNewcomers", {}, { signal });
    const rows = newcomers.map(({ id, address, name, hardware, first, dismissed }) => [
      ...[id, address, `${name} ${hardware}`.trim(), new Date(first).toLocaleString(), dismissed ? "dismissed" : ""],
    ]);
    const text = rows.length === 0 ? "Nothing new." : table(["ID", "ADDRESS", "WHAT IT SAYS IT IS", "SINCE", ""], rows);
    return { json: newcomers, text };
  },
};

export const newcomerDismissCommand: Command = {
  path: ["newcomer", "dismiss"],
  summary: "do not tell of one again; it stays kept away",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse newcomer dismiss new-abcdefghijklmnop"],
  run: async ({ positionals: [text] }, { client, signal }) => {
    const newcomer = NewcomerId.safeParse(text);
    if (!newcomer.success) throw refuse("That is no newcomer's id.", "`gatehouse newcomer list` shows the ids.");
    await using gateway = await client();
    await gateway.call("dismissNewcomer", { params: { newcomer: newcomer.data } }, { signal });
    return { json: { dismissed: newcomer.data }, text: `Dismissed ${newcomer.data}.` };
  },
};
