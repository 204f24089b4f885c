import { systemClock } from "@gatehouse/shared";
import { homedir } from "node:os";
import { join } from "node:path";

import { runCommandLine } from "./cli/run.ts";
import { log, random, stopSignal, terminal, untilDone } from "./process-edge.ts";
import { relayCommands } from "./relay-cli/commands/index.ts";
import { gatehouseRelay } from "./relay-cli/relay-command.ts";

const signal = stopSignal();

const work = runCommandLine({
  args: process.argv.slice(2),
  commands: relayCommands,
  program: gatehouseRelay,
  terminal,
  context: ({ data, json }) => ({
    terminal,
    data: data ?? process.env["GATEHOUSE_RELAY_DATA"] ?? join(homedir(), ".gatehouse-relay"),
    keyFile: process.env["GATEHOUSE_RELAY_KEY"],
    credentialsFolder: process.env["CREDENTIALS_DIRECTORY"],
    release: process.env["GATEHOUSE_RELEASE"],
    json,
    clock: systemClock,
    log,
    random,
    signal,
  }),
});
process.exitCode = await untilDone(work);
