import { once } from "node:events";
import { connect } from "node:net";

import type { Probed } from "./process-probe.ts";

/** What a process with a probe at this socket holds. */
export const readProbe = async (path: string): Promise<Probed> => {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  return JSON.parse(Buffer.concat(chunks).toString()) as Probed;
};
