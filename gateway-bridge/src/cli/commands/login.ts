import { GatehouseError, LoginId } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

const timeOf = (time: number): string => new Date(time).toLocaleString();

export const loginListCommand: Command = {
  path: ["login", "list"],
  summary: "who is signed in, in which browser, until when",
  operands: [],
  options: {},
  examples: ["gatehouse login list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const cancel = { signal };
    const [logins, people] = await Promise.all([
      gateway.call("listLogins", {}, cancel),
      gateway.call("listPeople", {}, cancel),
    ]);
    const names = new Map(people.map(({ id, name }) => [id, name]));
    const rows = logins.map(({ id, person, device, factors, created, ends }) => [
      id,
      names.get(person) ?? person,
      device,
      factors.join("+"),
      timeOf(created),
      timeOf(ends),
    ]);
    return { json: logins, text: table(["ID", "PERSON", "BROWSER", "SHOWN", "SINCE", "UNTIL"], rows) };
  },
};

export const loginEndCommand: Command = {
  path: ["login", "end"],
  summary: "sign somebody out, at once",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse login end login-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const login = LoginId.safeParse(input.positionals[0]);
    if (!login.success) {
      throw new GatehouseError("request-invalid", "That is no login's id.", {
        remedy: "`gatehouse login list` shows the ids.",
      });
    }
    await using gateway = await client();
    await gateway.call("endLogin", { params: { login: login.data } }, { signal });
    return { json: { ended: login.data }, text: `Ended ${login.data}.` };
  },
};
