import { CameraId, GatehouseError } from "@gatehouse/shared";

import type { Command } from "../command.ts";

export const cameraRemoveCommand: Command = {
  path: ["camera", "remove"],
  summary: "forget a camera and its credentials",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse camera remove cam-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const id = CameraId.safeParse(input.positionals[0]);
    if (!id.success)
      throw new GatehouseError("request-invalid", "That is no camera's id.", {
        remedy: "`gatehouse camera list` shows the ids.",
      });
    await using gateway = await client();
    await gateway.call("removeCamera", { params: { camera: id.data } }, { signal });
    return { json: { removed: id.data }, text: `Removed ${id.data}.` };
  },
};
