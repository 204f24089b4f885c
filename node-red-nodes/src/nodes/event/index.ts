import { eventMessage, type EventFilter } from "../../event-message.ts";
import type { NodeRed, RedNode } from "../../red.ts";
import { connectionBadge } from "../../status.ts";
import type { GatewayNode } from "../gateway/index.ts";

interface EventConfig extends Partial<EventFilter> {
  readonly gateway: string;
}

export default (red: NodeRed): void => {
  function CameraEvent(this: RedNode, config: EventConfig): void {
    red.nodes.createNode(this, config);
    const gateway = red.nodes.getNode(config.gateway) as GatewayNode | null;
    if (gateway === null) {
      this.status({ fill: "red", shape: "ring", text: "no gateway" });
      return;
    }
    const filter: EventFilter = {
      camera: config.camera ?? "",
      motion: config.motion ?? "start",
      states: config.states ?? false,
    };
    const watching = gateway.connection.watch({
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
