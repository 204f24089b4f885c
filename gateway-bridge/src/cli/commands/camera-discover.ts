import type { Command } from "../command.ts";
import { table } from "../table.ts";

export const cameraDiscoverCommand: Command = {
  path: ["camera", "discover"],
  summary: "look for ONVIF cameras on the network",
  operands: [],
  options: {},
  examples: ["gatehouse camera discover"],
  run: async (_input, { client, signal, terminal }) => {
    await using gateway = await client();
    terminal.note("Asking the network for ONVIF cameras (a few seconds) ...");
    const found = await gateway.call("discoverCameras", {}, { signal });
    const rows = found.map(({ address, name, hardware, added }) => [address, name, hardware, added ? "added" : ""]);
    const text =
      found.length === 0
        ? "No camera answered. Many cameras have ONVIF switched off: switch it on in the camera's own app, or add it by address: `gatehouse camera add ADDRESS`."
        : `${table(["ADDRESS", "NAME", "HARDWARE", ""], rows)}\n\nAdd one: gatehouse camera add ADDRESS --user NAME`;
    return { json: found, text };
  },
};
