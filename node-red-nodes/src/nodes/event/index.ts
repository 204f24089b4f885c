import { eventMessage, type EventFilter } from "../../event-message.ts";
import { findConnection } from "../../gateway-node.ts";
import type { NodeRed, RedNode } from "../../red.ts";
import { connectionBadge, noGatewayBadge } from "../../status.ts";

interface EventConfig extends Partial<EventFilter> {
  readonly gateway: string;
}

export default (red: NodeRed): void => {
  function CameraEvent(this: RedNode, config: EventConfig): void {
    red.nodes.createNode(this, config);
    const connection = findConnection(red, config.gateway);
    if (connection === undefined) {
      this.status(noGatewayBadge);
      return;
    }
    const filter: EventFilter = {
      camera: config.camera ?? "",
      motion: config.motion ?? "start",
      states: config.states ?? false,
      findings: config.findings ?? false,
    };
    const watching = connection.watch({
      state: (state) => this.status(connectionBadge(state)),
      event: (event, camera) => {
        const message = eventMessage(event, camera, filter);
        if (message !== undefined) this.send(message);
      },
    });
    this.on("close", (_removed, done) => {
      watching[Symbol.dispose]();
      done();
    });
  }

  red.nodes.registerType("gatehouse-event", CameraEvent);
};
