import { systemCode, withDeadline, type Cancellable } from "@gatehouse/shared";
import { connect } from "node:tls";

import { notRunning, type Check, type Finding, type Patient } from "../check.ts";
import { knockAt, patience } from "./reach.ts";

/**
 * Offers nothing newer than TLS 1.2. Resolves with whether that was spoken: its certificate, which nobody vouches for, is refused
 * afterwards by us.
 */
const speaksOld = async (
  address: string,
  { clock, signal }: Pick<Patient, "clock"> & Cancellable,
): Promise<boolean> => {
  const socket = connect({ ...knockAt(address), minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
  try {
    return await withDeadline(
      { clock, ms: patience, what: "an answer to TLS 1.2", signal },
      () =>
        new Promise<boolean>((resolve) => {
          socket.once("secureConnect", () => resolve(true));
          socket.once("error", (error) => resolve(/CERT|SELF_SIGNED|ALTNAME|DEPTH/.test(systemCode(error) ?? "")));
          socket.once("close", () => resolve(false));
        }),
    );
  } finally {
    socket.destroy();
  }
};

export const tlsVersionCheck: Check = {
  name: "tls-version",
  about: "the versions of TLS that it speaks",
  look: async ({ running, clock }, { signal }) => {
    if (running === undefined) return notRunning;
    if (!(await speaksOld(running.address, { clock, signal }))) return [];
    const finding: Finding = {
      code: "tls-old",
      what: `At ${running.address} TLS 1.2 is spoken.`,
      why: "The relay itself speaks TLS 1.3 alone: something else ends TLS there, and could read who comes.",
      remedy: "Take away what stands before the relay: gateways and devices must reach its own port as it is.",
    };
    return [finding];
  },
};
