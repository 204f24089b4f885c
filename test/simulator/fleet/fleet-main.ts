import { createInterface } from "node:readline";

import { FleetCamera, type FleetCameraOptions } from "./fleet-camera.ts";
import type { Reply } from "../line-process.ts";
import type { FleetCommand, FleetStart } from "./fleet-process.ts";

/**
 * Runs one camera. Options come as JSON in GATEHOUSE_FLEET_CAMERA: a command line would show its passwords to everybody.
 * Prints one JSON line with its facts when ready, then takes commands and answers them, one JSON object a line. Ends with its input.
 */
const options = JSON.parse(process.env["GATEHOUSE_FLEET_CAMERA"] ?? "{}") as Omit<FleetCameraOptions, "now">;
const camera = await FleetCamera.open(options);

const print = (value: FleetStart | Reply): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const quit = async (): Promise<void> => {
  await camera[Symbol.asyncDispose]();
  process.exit(0);
};

const run = async (command: FleetCommand): Promise<unknown> => {
  switch (command.name) {
    case "knows":
      return camera.knows(...command.argument);
    case "counts":
      return { ...camera.counts, operations: Object.fromEntries(camera.counts.operations) };
    case "truth":
      return camera.truth;
    case "state":
      return camera.state;
    case "lies":
      camera.lies = command.argument;
      return undefined;
    case "reboot":
      await camera.reboot();
      return undefined;
    case "changeKey":
      await camera.changeKey();
      return undefined;
  }
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line) as FleetCommand & { readonly id: number };
  void run(command).then(
    (result) => print({ id: command.id, result }),
    (error: unknown) => print({ id: command.id, error: String(error) }),
  );
});
lines.on("close", () => void quit());
process.on("SIGTERM", () => void quit());

print({ facts: camera.facts });
