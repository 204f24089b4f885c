import { isGatehouseError, readTlsPin, withDeadline } from "@gatehouse/shared";

import { noConfiguration, notRunning, type Check } from "../check.ts";
import { knockAt, patience } from "./reach.ts";

export const publicAddressCheck: Check = {
  name: "public-address",
  about: "what answers at the address that invites name",
  look: async ({ config, running, clock }, { signal }) => {
    if (config === undefined) return noConfiguration;
    if (running === undefined) return notRunning;
    const { public: address } = config;
    if (address === null) return { skipped: "invites name the address that it listens on" };
    const deadline = { clock, ms: patience, what: "an answer", signal };
    try {
      const options = { ...knockAt(address), unreachable: "relay-unreachable" } as const;
      const pin = await withDeadline(deadline, (cancel) => readTlsPin(options, cancel));
      if (running.keys.includes(pin)) return [];
      return [
        {
          code: "public-key-foreign",
          what: `At ${address} another key is shown than the relay's: ${pin}.`,
          why: "A proxy that ends TLS, or another box, answers there; gateways and devices refuse it.",
          remedy: "Forward that port to the relay as plain TCP, or correct `public` in relay.json.",
        },
      ];
    } catch (error) {
      signal.throwIfAborted();
      if (!isGatehouseError(error)) throw error;
      return [
        {
          code: "public-silent",
          what: `Nothing answers at ${address}, seen from this box: ${error.message}.`,
          why: "If nothing answers elsewhere either, nobody gets home.",
          remedy: "Open that port in the box's firewall, and compare `public` in relay.json with the box's address.",
        },
      ];
    }
  },
};
