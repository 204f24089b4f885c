import { grantOptions, grantsOf, refuse } from "../grant-options.ts";
import type { Command } from "../command.ts";
import { grantTable, readPrincipal } from "./grant-list.ts";

export const grantSetCommand: Command = {
  path: ["grant", "set"],
  summary: "say what one client may do, in place of all it might before; what it may not any more ends at once",
  operands: ["ID"],
  options: {
    ...grantOptions,
    add: { type: "boolean", help: "beside what it may already, not in its place" },
    nothing: { type: "boolean", help: "take everything from it; it stays known" },
  },
  examples: [
    "gatehouse grant set who-abcdefghijklmnop --action live --action snapshot --all-cameras",
    "gatehouse grant set who-abcdefghijklmnop --add --action live --camera cam-abcdefghijklmnop --days sat,sun --from 08:00 --to 20:00",
    "gatehouse grant set who-abcdefghijklmnop --action live --camera cam-abcdefghijklmnop --until 2030-12-31T18:00",
    "gatehouse grant set who-abcdefghijklmnop --nothing --json",
  ],
  run: async (input, { client, signal }) => {
    const principal = readPrincipal(input.positionals[0]);
    const [isNothing, isMore] = [input.options["nothing"] === true, input.options["add"] === true];
    if (isNothing && isMore) throw refuse("Nothing, or something more?", "Use either --nothing or --add.");
    const grants = isNothing ? [] : grantsOf(input);
    await using gateway = await client();
    const before = isMore ? await gateway.call("listPrincipals", {}, { signal }) : [];
    const kept = before.find(({ id }) => id === principal)?.own ?? [];
    const body = [...kept, ...grants];
    const changed = await gateway.call("changeGrants", { params: { principal }, body }, { signal });
    return { json: changed, text: `${changed.name} may now:\n${grantTable(changed)}` };
  },
};
