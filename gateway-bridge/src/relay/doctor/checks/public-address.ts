import { isGatehouseError, readTlsPin, withDeadline } from "@gatehouse/shared";

import { isEveryAddress } from "../../relay-config.ts";
import { noConfiguration, notRunning, type Check, type Finding } from "../check.ts";
import { knockAt, patience } from "./reach.ts";

export const publicAddressCheck: Check = {
  name: "public-address",
  about: "what answers at the address that invites name",
  look: async ({ config, running, clock }, { signal }) => {
    if (config === undefined) return noConfiguration;
    const { public: address, listen } = config;
    if (address === null && isEveryAddress(listen.host)) return [unnamed];
    if (address === null) return { skipped: "invites name the address that it listens on" };
    if (running === undefined) return notRunning;
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

const unnamed: Finding = {
  code: "public-missing",
  what: "The relay listens on every address of this box, and its configuration does not say by which it is found.",
  why: "Nobody can be invited.",
  remedy: "Set `public` in relay.json, as relay.example.org:8444, and start the relay again.",
};
