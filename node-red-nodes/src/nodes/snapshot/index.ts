import { stopped, toGatehouseError } from "@gatehouse/shared";

import type { NodeRed, RedNode } from "../../red.ts";
import { snapshotRequest, type SnapshotConfig } from "../../snapshot-request.ts";
import { connectionBadge } from "../../status.ts";
import type { GatewayNode } from "../gateway/index.ts";

export default (red: NodeRed): void => {
  function Snapshot(this: RedNode, config: SnapshotConfig & { readonly gateway: string }): void {
    red.nodes.createNode(this, config);
    const gateway = red.nodes.getNode(config.gateway) as GatewayNode | null;
    if (gateway === null) {
      this.status({ fill: "red", shape: "ring", text: "no gateway" });
      return;
    }
    const { connection } = gateway;
    const stop = new AbortController();
    const watching = connection.watch({ state: (state) => this.status(connectionBadge(state)) });

    this.on("input", (message, send, done) => {
      const answer = async (): Promise<void> => {
        const { camera, size } = snapshotRequest(config, message);
        const picture = await connection.snapshot(camera, size, { signal: stop.signal });
        message["payload"] = picture.jpeg;
        message["contentType"] = "image/jpeg";
        message["camera"] = picture.camera.id;
        message["topic"] ??= picture.camera.name;
        message["capturedAt"] = picture.capturedAt;
        send(message);
      };
      answer().then(
        () => done(),
        (cause: unknown) => {
          const error = toGatehouseError(cause);
          done(new Error(`${error.message} ${error.remedy}`, { cause: error }));
        },
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
