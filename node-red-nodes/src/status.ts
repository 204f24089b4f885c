import { assertNever, type ConnectionState } from "@gatehouse/shared";

import type { Badge } from "./red.ts";

/** The badge under a node: one place for colours and words. Node-RED translates the `node-red:` texts. */
export const connectionBadge = (state: ConnectionState): Badge => {
  switch (state.kind) {
    case "idle":
    case "connecting":
      return { fill: "yellow", shape: "ring", text: "node-red:common.status.connecting" };
    case "connected":
      return { fill: "green", shape: "dot", text: "node-red:common.status.connected" };
    case "waiting":
      return { fill: "red", shape: "ring", text: state.error.code };
    case "closed":
      return { fill: "grey", shape: "ring", text: "node-red:common.status.disconnected" };
    default:
      return assertNever(state);
  }
};
