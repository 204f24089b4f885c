import { silentLogger, systemClock, type RelayPlace } from "@gatehouse/shared";

import { RelayConfig } from "../../../gateway-bridge/src/relay/relay-config.ts";
import { tunnelIdOf } from "../../../gateway-bridge/src/relay/protocol/peer-pin.ts";
import type { RelayFigures } from "../../../gateway-bridge/src/relay/server/relay.ts";
import { RelayNode } from "../../../gateway-bridge/src/relay-node.ts";
import { selfMeasure } from "../self-measure.ts";
import { serveParent } from "../worker-process.ts";

interface Opening {
  /** Kept between starts. */
  readonly data: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly limits: object;
}

/** How long an invite lasts that is used at once: each one is compared with all that are not over. */
const ttlMs = 500;

let node: RelayNode | undefined;

const opened = (): RelayNode => {
  if (node === undefined) throw new Error("the relay is not open");
  return node;
};

export const relayHandlers = {
  /** Opens the whole relay as its program does, but for the log and the operators' door. */
  open: async ({ data, port, limits }: Opening): Promise<RelayPlace> => {
    const config = RelayConfig.parse({ name: "relay.test", listen: { port }, limits });
    const { signal } = new AbortController();
    node = await RelayNode.open({ data, config, clock: systemClock, log: silentLogger }, { signal });
    return { address: node.address, name: config.name, keys: [...node.keys.pins] };
  },
  /** Enrols gateways by the pins of their keys, each by an invite of its own. */
  enrol: (pins: readonly string[]): void => {
    const { gateways, store } = opened();
    // One after the other each would wait for the disk.
    store.database.transaction(() => {
      for (const pin of pins) {
        if (gateways.byPin(pin) !== undefined) continue;
        const { secret } = gateways.invite({ ttlMs });
        gateways.redeem({ secret, gateway: tunnelIdOf(pin), pin });
      }
    });
  },
  figures: (): RelayFigures => opened().relay.figures(),
  ...selfMeasure(),
};

serveParent(relayHandlers);
