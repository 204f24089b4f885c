import { connect } from "node:net";

import { parseAddress } from "@gatehouse/shared";

import { dialRelay, type Dial } from "../../../gateway-bridge/src/relay/tunnel/dial-relay.ts";

/** As the gateway dials its relay, but from an address of loopback that only this home has. */
export const dialFrom =
  (localAddress: string): Dial =>
  async (options, cancel) => {
    const at = parseAddress(options.place.address);
    if (at === undefined) throw new Error("the relay has no address");
    const carrier = connect({ ...at, localAddress, noDelay: true });
    // What fails here is heard by the connection inside.
    carrier.on("error", () => undefined);
    return dialRelay({ ...options, carrier }, cancel);
  };
