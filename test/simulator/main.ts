import { createInterface } from "node:readline";

import { Simulator, type SimulatorOptions } from "./simulator.ts";
import type { Reply } from "./line-process.ts";
import type { Command, SimulatorFacts } from "./simulator-process.ts";

/**
 * Runs one simulator. Options come as JSON in GATEHOUSE_SIMULATOR: a command line would show the password to everybody.
 * Prints one JSON line with its facts when ready, then takes commands and answers them, one JSON object a line.
 * Ends with its input, unless called with `--stay`.
 */
const options = JSON.parse(process.env["GATEHOUSE_SIMULATOR"] ?? "{}") as SimulatorOptions;
const simulator = await Simulator.open(options);

const print = (value: SimulatorFacts | Reply): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const quit = async (): Promise<void> => {
  await simulator[Symbol.asyncDispose]();
  process.exit(0);
};

const run = async (command: Command): Promise<unknown> => {
  switch (command.name) {
    case "motion":
      return simulator.motion(command.argument);
    case "counts":
      return simulator.counts;
    case "reboot":
      await simulator.reboot(command.argument);
      break;
    case "refuse":
      await simulator.refuse(command.argument);
      break;
    case "stall":
      simulator.stall(command.argument);
      break;
    case "shrink":
      simulator.shrink(command.argument);
      break;
    case "garble":
      simulator.garble(command.argument);
      break;
    case "flood":
      simulator.flood(command.argument);
      break;
    case "bloat":
      simulator.bloat(command.argument);
      break;
    case "moveClock":
      simulator.moveClock(command.argument);
      break;
    case "quit":
      await quit();
      break;
  }
  return undefined;
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line) as Command;
  void run(command).then(
    (result) => print({ id: command.id, result }),
    (error: unknown) => print({ id: command.id, error: String(error) }),
  );
});
if (!process.argv.includes("--stay")) lines.on("close", () => void quit());
process.on("SIGTERM", () => void quit());
process.on("SIGINT", () => void quit());

const { id, username, onvifUrl, rtspUrl, subRtspUrl } = simulator;
print({ id, username, onvifUrl, rtspUrl, subRtspUrl });
