import { assertNever, type ErrorCode } from "@gatehouse/shared";

import type { LinkState } from "./gateway-connection.ts";
import type { Badge } from "./red.ts";

/** What a badge has room for, at most 20 characters; the log says more. Other codes stand for themselves. */
const words: Partial<Record<ErrorCode, string>> = {
  "gateway-unreachable": "unreachable",
  "gateway-impostor": "not this gateway",
  "pairing-invalid": "string used or old",
  "pairing-string-malformed": "string incomplete",
  unauthenticated: "locked out",
  internal: "error, see the log",
};

const red = (text: string): Badge => ({ fill: "red", shape: "ring", text });

/** The badge under a node: one place for colours and words. Node-RED translates the `node-red:` texts. */
export const connectionBadge = (state: LinkState): Badge => {
  switch (state.kind) {
    case "idle":
    case "connecting":
      return { fill: "yellow", shape: "ring", text: "node-red:common.status.connecting" };
    case "connected":
      return { fill: "green", shape: "dot", text: "node-red:common.status.connected" };
    case "unpaired":
      return red(state.error.code === "unauthenticated" ? "not paired" : (words[state.error.code] ?? state.error.code));
    case "waiting":
      return red(words[state.error.code] ?? state.error.code);
    case "closed":
      return { fill: "grey", shape: "ring", text: "node-red:common.status.disconnected" };
    default:
      return assertNever(state);
  }
};

/** For a node whose config node is missing. */
export const noGatewayBadge = red("no gateway");
