import { GatehouseError, loadDeviceIdentity, pairDevice, saveDeviceIdentity } from "@gatehouse/shared";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { forgetPendingKey, pendingKey } from "../../relay/connect/pairing-key.ts";
import type { Command, CommandContext, CommandInput } from "../command.ts";
import { identityOption, identityPath } from "../device-file.ts";

/** `-`: what every user of this computer sees in the list of processes need not be the string. */
const readString = async (
  { positionals }: CommandInput,
  { terminal }: Pick<CommandContext, "terminal">,
): Promise<string> => {
  const [given = ""] = positionals;
  return given === "-" ? await terminal.readInput() : given;
};

export const connectPairCommand: Command = {
  path: ["connect", "pair"],
  summary: "make this computer a device that may come home from away; done once, at home",
  operands: ["PAIRING-STRING"],
  options: identityOption,
  examples: ["gatehouse connect pair 'gh1...'", "gatehouse connect pair - < string"],
  run: async (input, context) => {
    const { clock, signal } = context;
    const path = identityPath(input, context);
    if ((await loadDeviceIdentity(path)) !== undefined) {
      throw new GatehouseError("request-invalid", `This computer is a device already: ${path} says of which gateway.`, {
        remedy: "Remove that file to pair anew, or name another one with --identity.",
      });
    }
    const pairingString = await readString(input, context);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const keyFile = `${path}.pairing`;
    const privateKey = await pendingKey(keyFile, pairingString);
    const identity = await pairDevice({ pairingString, privateKey, clock }, { signal });
    await saveDeviceIdentity(path, identity);
    await forgetPendingKey(keyFile);
    const { device, name, gateway } = identity;
    return {
      json: { device, name, gateway, identity: path },
      text: [
        `This computer is now the device "${name}" of ${gateway.name}. Its key lies in ${path}: whoever has that file may knock.`,
        "Away from home, run `gatehouse connect`.",
      ].join("\n"),
    };
  },
};
