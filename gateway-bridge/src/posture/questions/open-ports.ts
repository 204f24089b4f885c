import type { Cancellable } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";

/** A port that is open, and what it said by itself. */
export interface OpenPort {
  readonly port: number;
  readonly banner: string;
}

/** Which of these ports are open, each asked once a look. */
export const openPorts = async (
  camera: ProbedCamera,
  ports: readonly number[],
  cancel: Cancellable,
): Promise<readonly OpenPort[]> => {
  const found: OpenPort[] = [];
  for (const port of ports) {
    const knock = await camera.once(`knock ${port}`, () => camera.ports.tcp(port, cancel));
    if (knock.kind === "open") found.push({ port, banner: printable(knock.banner) });
  }
  return found;
};

/** What a camera says, as people may see it: one line, short. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, " ").trim().slice(0, 120); // prettier-ignore

export const portEvidence = ({ port, banner }: OpenPort): string =>
  banner === "" ? `Port ${port} is open.` : `Port ${port} is open and says: ${banner}`;
