import { Secret, systemClock } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

import { GatewayConnection } from "../../gateway-connection.ts";
import { findConnection, type GatewayNode } from "../../gateway-node.ts";
import { nodeLogger } from "../../node-logger.ts";
import type { NodeRed } from "../../red.ts";

/** Named as in a path, whatever a flow file calls the node. */
const fileName = (id: string): string => `${id.replace(/[^A-Za-z0-9.-]/g, "_")}.identity`;

export default (red: NodeRed): void => {
  const folder = join(red.settings.userDir ?? join(homedir(), ".node-red"), "gatehouse");

  function Gateway(this: GatewayNode, config: object): void {
    red.nodes.createNode(this, config);
    const pairingString = this.credentials?.["pairingString"]?.trim() ?? "";
    this.connection = new GatewayConnection({
      identity:
        pairingString === ""
          ? undefined
          : { path: join(folder, fileName(this.id)), pairingString: Secret.of(pairingString) },
      clock: systemClock,
      log: nodeLogger(this),
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    });
    this.on("close", (_removed, done) => void this.connection.close().then(done, done));
  }

  red.nodes.registerType("gatehouse-gateway", Gateway, { credentials: { pairingString: { type: "password" } } });

  // For the editor's list of cameras: names and ids only, of a config node that exists, to people who may read flows.
  red.httpAdmin.get("/gatehouse/:id/cameras", red.auth.needsPermission("flows.read"), (request, response) => {
    const connection = findConnection(red, request.params["id"] ?? "");
    if (connection === undefined) response.status(404).json([]);
    else response.json(connection.cameras.map(({ id, name }) => ({ id, name })));
  });
};
