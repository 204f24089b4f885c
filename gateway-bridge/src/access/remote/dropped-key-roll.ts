import type { DeviceRoll } from "../../ports.ts";
import type { TunnelKeyPair } from "./tunnel-key-pair.ts";

/**
 * The roll as the relay is told it. By a key that is to be forgotten nobody is let in, whoever is on the roll by then: with it, the relay is told
 * to forget it, and no more. The gateway comes back with the next key then, and tells the roll anew.
 */
export const droppedKeyRoll = (roll: DeviceRoll, keys: Pick<TunnelKeyPair, "next">): DeviceRoll => {
  const isDropped = (): boolean => keys.next?.only === true;
  return {
    get epoch() {
      return roll.epoch;
    },
    thumbprints: () => (isDropped() ? [] : roll.thumbprints()),
    find: (thumbprint) => (isDropped() ? undefined : roll.find(thumbprint)),
    onChanged: (listener) => roll.onChanged(listener),
  };
};
