import type { Camera } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

const stateOf = ({ state }: Camera): string => {
  if (state.kind === "live") return `live, ${state.viewers} watching`;
  return state.kind === "offline" ? `offline: ${state.message}` : state.kind;
};

export const cameraListCommand: Command = {
  path: ["camera", "list"],
  summary: "the cameras behind the gateway",
  operands: [],
  options: {},
  examples: ["gatehouse camera list", "gatehouse camera list --json"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const cameras = await gateway.call("listCameras", {}, { signal });
    const rows = cameras.map((camera) => [
      camera.id,
      camera.name,
      `${camera.manufacturer} ${camera.model}`.trim(),
      camera.talk ? "yes" : "no",
      stateOf(camera),
    ]);
    const text =
      cameras.length === 0
        ? "No cameras yet. `gatehouse camera discover` looks for some."
        : table(["ID", "NAME", "MODEL", "TALK", "STATE"], rows);
    return { json: cameras, text };
  },
};
