import { GatehouseError, stopped } from "@gatehouse/shared";

import { flowError } from "../../flow-error.ts";
import type { Picture } from "../../gateway-connection.ts";
import { findConnection } from "../../gateway-node.ts";
import { InOrder } from "../../in-order.ts";
import { nodeLogger } from "../../node-logger.ts";
import type { Message, NodeRed, RedNode } from "../../red.ts";
import { snapshotRequest, type SnapshotConfig } from "../../snapshot-request.ts";
import { connectionBadge, noGatewayBadge } from "../../status.ts";

/** Pictures that one node may be waiting for. */
const longestQueue = 16;

const addPicture = (message: Message, { jpeg, capturedAt, camera }: Picture): void => {
  message["payload"] = jpeg;
  message["contentType"] = "image/jpeg";
  message["camera"] = camera.id;
  message["topic"] ||= camera.name;
  message["capturedAt"] = capturedAt;
};

export default (red: NodeRed): void => {
  function Snapshot(this: RedNode, config: SnapshotConfig & { readonly gateway: string }): void {
    red.nodes.createNode(this, config);
    const connection = findConnection(red, config.gateway);
    if (connection === undefined) {
      this.status(noGatewayBadge);
      this.on("input", (_message, _send, done) => {
        const remedy = "Choose a gateway in the node and deploy.";
        done(flowError(new GatehouseError("not-found", "This snapshot node has no gateway.", { remedy })));
      });
      return;
    }
    const stop = new AbortController();
    const { signal } = stop;
    const inOrder = new InOrder(longestQueue, nodeLogger(this));
    const watching = connection.watch({ state: (state) => this.status(connectionBadge(state)) });

    this.on("input", (message, send, done) => {
      const take = async (): Promise<() => void> => {
        try {
          const { camera, size } = snapshotRequest(config, message);
          const picture = await connection.snapshot(camera, size, { signal });
          return () => {
            addPicture(message, picture);
            send(message);
            done();
          };
        } catch (error) {
          // A flow that is being replaced hears of no errors.
          return () => (signal.aborted ? done() : done(flowError(error)));
        }
      };
      if (inOrder.start(take)) return;
      done(
        flowError(new GatehouseError("too-many-requests", `${longestQueue} pictures are being waited for already.`)),
      );
    });

    this.on("close", (_removed, done) => {
      stop.abort(stopped("closed"));
      watching[Symbol.dispose]();
      done();
    });
  }

  red.nodes.registerType("gatehouse-snapshot", Snapshot);
};
