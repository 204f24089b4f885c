import { isGatehouseError, type AddCamera, type Camera, type Cancellable, type GatewayClient } from "@gatehouse/shared";

import { textOption, type Command, type CommandContext, type CommandInput } from "../command.ts";

/** The password comes from the terminal, hidden, or from standard input: a command line can be read by every process of the box. */
const readPassword = async (input: CommandInput, { terminal }: CommandContext): Promise<string | undefined> => {
  if (input.options["password-stdin"] === true) return terminal.readInput();
  if (textOption(input, "user") === undefined) return undefined;
  return terminal.ask("Camera's password: ", { hidden: true });
};

/** Adds the camera; where its certificate is new, shows the fingerprint and asks the owner. */
const addWithConsent = async (gateway: GatewayClient, body: AddCamera, context: CommandContext): Promise<Camera> => {
  const cancel: Cancellable = { signal: context.signal };
  try {
    return await gateway.call("addCamera", { body }, cancel);
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== "camera-fingerprint-unconfirmed" || context.json) throw error;
    const { fingerprint, readable } = error.details as { fingerprint: string; readable: string };
    context.terminal.note(`The camera speaks TLS. Its public key's SHA-256 fingerprint is\n\n  ${readable}\n`);
    const answer = await context.terminal.ask(
      "Does your browser show the same for the camera's page? Type yes to pin it: ",
      {
        hidden: false,
      },
    );
    if (answer?.trim().toLowerCase() !== "yes") throw error;
    return await gateway.call("addCamera", { body: { ...body, fingerprint } }, cancel);
  }
};

export const cameraAddCommand: Command = {
  path: ["camera", "add"],
  summary: "put a camera behind the gateway",
  operands: ["ADDRESS"],
  options: {
    user: { type: "string", value: "NAME", help: "the camera's user; its password is then asked for" },
    "password-stdin": { type: "boolean", help: "read the password from standard input instead" },
    name: { type: "string", value: "NAME", help: "what to call it (default: as it calls itself)" },
    fingerprint: { type: "string", value: "PIN", help: "confirms the camera's TLS key, as shown by an earlier try" },
    warm: { type: "boolean", help: "keep its stream open, so that a picture appears at once" },
  },
  examples: [
    "gatehouse camera add 192.168.1.20 --user admin",
    "gatehouse camera add rtsp://192.168.1.21/stream1 --user viewer --name Garage",
    "gatehouse camera add http://192.168.1.23/snapshot.jpg --user viewer --name Shed",
    "gatehouse camera add 192.168.1.22 --user admin --password-stdin < password.txt",
  ],
  run: async (input, context) => {
    const [address = ""] = input.positionals;
    await using gateway = await context.client();
    const password = await readPassword(input, context);
    context.terminal.note("Talking to the camera ...");
    const camera = await addWithConsent(
      gateway,
      {
        address,
        name: textOption(input, "name"),
        username: textOption(input, "user"),
        password,
        fingerprint: textOption(input, "fingerprint"),
        warm: input.options["warm"] === true,
      },
      context,
    );
    const tiers = camera.tiers
      .map(({ name, width, height }) => (width > 0 ? `${name} ${width}x${height}` : name))
      .join(", ");
    const talk = camera.talk ? " It has a loudspeaker: viewers that may `talk` can speak through it." : "";
    return { json: camera, text: `Added ${camera.name} as ${camera.id} (${tiers}).${talk}` };
  },
};
