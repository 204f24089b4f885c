import { GatehouseError, GatewayClient, loadIdentity, systemClock } from "@gatehouse/shared";
import { homedir } from "node:os";
import { join } from "node:path";

import { commands } from "./cli/commands/index.ts";
import { runCommandLine } from "./cli/run.ts";
import { log, random, stopSignal, terminal, untilDone } from "./process-edge.ts";

const signal = stopSignal();

const work = runCommandLine({
  args: process.argv.slice(2),
  commands,
  terminal,
  context: ({ data: given, json }) => {
    const data = given ?? process.env["GATEHOUSE_DATA"] ?? join(homedir(), ".gatehouse");
    return {
      terminal,
      data,
      searchPath: process.env["PATH"] ?? "",
      credentialsFolder: process.env["CREDENTIALS_DIRECTORY"],
      release: process.env["GATEHOUSE_RELEASE"],
      json,
      clock: systemClock,
      log,
      random,
      signal,
      client: async () => {
        const identity = await loadIdentity(join(data, "cli.json"));
        if (identity === undefined) {
          throw new GatehouseError("gateway-unreachable", `No gateway was ever started with the data folder ${data}.`, {
            remedy: "Start it with `gatehouse up`, or name its data folder with --data.",
          });
        }
        return new GatewayClient({ identity, clock: systemClock, log, random });
      },
    };
  },
});
process.exitCode = await untilDone(work);
