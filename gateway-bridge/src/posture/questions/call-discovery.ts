import { isGatehouseError, type Cancellable } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";

import { readProbeAnswer, type ProbeMatch } from "../../protocols/discovery/probe-match.ts";
import { onvifTypes, probeMessage } from "../../protocols/discovery/probe-message.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";

const port = 3_702;

/** What a camera answers when it is called by WS-Discovery, alone and directly. */
export interface DiscoveryAnswer {
  readonly matches: readonly ProbeMatch[];
  /** All that it said. */
  readonly text: string;
}

/** Undefined where it keeps silent. Asked once a look. */
export const callDiscovery = (camera: ProbedCamera, cancel: Cancellable): Promise<DiscoveryAnswer | undefined> =>
  camera.once("ws-discovery", async () => {
    for (const type of onvifTypes) {
      const id = `urn:uuid:${randomUUID()}`;
      const datagram = await camera.ports.udp(port, Buffer.from(probeMessage(id, type)), cancel);
      const answer = datagram && readAnswer(datagram, id);
      if (answer !== undefined) return answer;
    }
    return undefined;
  });

/** An answer to this very question; rubbish is none. */
const readAnswer = (datagram: Buffer, id: string): DiscoveryAnswer | undefined => {
  try {
    const { relatesTo, matches } = readProbeAnswer(datagram);
    return relatesTo === id && matches.length > 0 ? { matches, text: datagram.toString("utf8") } : undefined;
  } catch (error) {
    if (isGatehouseError(error)) return undefined;
    throw error;
  }
};
