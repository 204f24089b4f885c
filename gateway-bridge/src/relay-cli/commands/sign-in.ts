import { join } from "node:path";

import { ControlClient } from "../../relay/control/control-client.ts";
import { loadOperatorKey, saveSignIn } from "../../relay/control/operator-key.ts";
import { relayFiles } from "../../relay-store.ts";
import { invalid, keyFileOf, keyOption, type RelayCommand } from "../relay-command.ts";

export const signInCommand: RelayCommand = {
  path: ["sign-in"],
  summary: "show who you are, by your key and a code of your authenticator; it lasts ten minutes",
  operands: [],
  options: { ...keyOption, "code-stdin": { type: "boolean", help: "read the code from standard input" } },
  examples: ["gatehouse-relay sign-in", "gatehouse-relay sign-in --key ~/ada.json"],
  run: async (input, context) => {
    const { terminal, data, clock, signal } = context;
    const file = keyFileOf(input, context);
    const key = await loadOperatorKey(file);
    const typed =
      input.options["code-stdin"] === true
        ? await terminal.readInput()
        : await terminal.ask(`Code of ${key.name} at ${key.relay}: `, { hidden: false });
    const code = typed?.replace(/\s/g, "") ?? "";
    if (!/^\d{6}$/.test(code)) {
      throw invalid("A code is six digits.", "Type what your authenticator shows now, or give it with --code-stdin.");
    }
    const control = new ControlClient({ path: join(data, relayFiles.control), key, token: undefined, clock });
    const { operator, token, expires } = await control.call("signIn", { code }, { signal });
    await saveSignIn(file, { token, expires });
    const until = new Date(expires).toISOString();
    return { json: { operator, expires }, text: `${operator.name}, ${operator.role}, is signed in until ${until}.` };
  },
};
