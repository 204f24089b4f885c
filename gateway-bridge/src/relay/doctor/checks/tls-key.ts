import { isGatehouseError, readTlsPin, withDeadline } from "@gatehouse/shared";

import { notRunning, type Check, type Finding } from "../check.ts";
import { knockAt, patience } from "./reach.ts";

export const tlsKeyCheck: Check = {
  name: "tls-key",
  about: "the key that it shows",
  look: async ({ running, clock }, { signal }) => {
    if (running === undefined) return notRunning;
    const { address, keys } = running;
    const deadline = { clock, ms: patience, what: "the relay's certificate", signal };
    try {
      const options = { ...knockAt(address), unreachable: "relay-unreachable" } as const;
      const pin = await withDeadline(deadline, (cancel) => readTlsPin(options, cancel));
      return keys.includes(pin) ? [] : [foreign(address, pin)];
    } catch (error) {
      signal.throwIfAborted();
      if (!isGatehouseError(error)) throw error;
      return [silent(address, error.message)];
    }
  },
};

const foreign = (address: string, pin: string): Finding => ({
  code: "tls-key-foreign",
  what: `At ${address} another key is shown than the relay's: ${pin}.`,
  why: "Every gateway and device refuses it, as they should: something else answers there.",
  remedy: "Find out what listens on that port: `ss -ltnp`.",
});

const silent = (address: string, message: string): Finding => ({
  code: "tls-silent",
  what: `The relay runs, but does not answer at ${address}: ${message}.`,
  why: "Nobody gets home.",
  remedy: "Look into its log, and start it again.",
});
