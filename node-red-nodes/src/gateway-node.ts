import { GatewayConnection } from "./gateway-connection.ts";
import type { NodeRed, RedNode } from "./red.ts";

/** The config node that the other nodes name. */
export interface GatewayNode extends RedNode {
  connection: GatewayConnection;
}

/** The connection of the config node with this id; undefined when there is none, or it is of another type. */
export const findConnection = (red: NodeRed, id: string): GatewayConnection | undefined => {
  const node = red.nodes.getNode(id) as Partial<GatewayNode> | null;
  return node?.connection instanceof GatewayConnection ? node.connection : undefined;
};
