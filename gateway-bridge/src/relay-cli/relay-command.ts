import { GatehouseError, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import { join } from "node:path";

import { textOption, type Command, type CommandInput, type Terminal } from "../cli/command.ts";
import type { Program } from "../cli/help.ts";
import { ControlClient } from "../relay/control/control-client.ts";
import { loadOperatorKey, loadSignIn } from "../relay/control/operator-key.ts";
import { relayFiles } from "../relay-store.ts";

/** What a command of the relay's may use of the process; `relay-main.ts` supplies it. */
export interface RelayContext extends Cancellable {
  readonly terminal: Terminal;
  /** The relay's data folder. */
  readonly data: string;
  /** Where the operator's key is looked for, unless --key says. */
  readonly keyFile: string | undefined;
  /** Where systemd puts the credentials that its unit names. */
  readonly credentialsFolder: string | undefined;
  /** The folder of the release that runs, where it was installed from one. */
  readonly release: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** The command was called with --json. */
  readonly json: boolean;
}

export type RelayCommand = Command<RelayContext>;

export const gatehouseRelay: Program = {
  name: "gatehouse-relay",
  about: "A relay brings people home to their gateways, and can see nothing of what it carries.",
  data: "the relay's data folder (default: ~/.gatehouse-relay, or GATEHOUSE_RELAY_DATA)",
  firstSteps: [
    "gatehouse-relay init --name relay.example.org --listen 0.0.0.0:8444 --public relay.example.org:8444 --operator ada",
    "gatehouse-relay up                # leave it running",
    "gatehouse-relay sign-in           # in another terminal, with a code of your authenticator",
    "gatehouse-relay invite            # for a gateway: `gatehouse remote enrol` takes it there",
    "gatehouse-relay doctor            # is anything open that should not be?",
  ],
};

/** Of every command that an operator calls. */
export const keyOption: RelayCommand["options"] = {
  key: {
    type: "string",
    value: "FILE",
    help: "your own key (default: operator.json in the data folder, or GATEHOUSE_RELAY_KEY)",
  },
};

export const keyFileOf = (input: CommandInput, { data, keyFile }: Pick<RelayContext, "data" | "keyFile">): string =>
  textOption(input, "key") ?? keyFile ?? join(data, relayFiles.operatorKey);

/** The relay's control socket, for whoever signed in with the key. @throws GatehouseError `operator-unknown`, `file-permissions` */
export const openControl = async (input: CommandInput, context: RelayContext): Promise<ControlClient> => {
  const { data, clock } = context;
  const file = keyFileOf(input, context);
  const key = await loadOperatorKey(file);
  const signIn = await loadSignIn(file);
  return new ControlClient({ path: join(data, relayFiles.control), key, token: signIn?.token, clock });
};

/** @throws GatehouseError `request-invalid` */
export const invalid = (message: string, remedy: string): GatehouseError =>
  new GatehouseError("request-invalid", message, { remedy, details: { usage: true } });
