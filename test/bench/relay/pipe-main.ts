import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

import { serveParent } from "../worker-process.ts";

export const pipeHandlers = {
  /** Carries whatever comes to the port that it answers to the given one of loopback. */
  listen: async (to: number): Promise<number> => {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (device) => {
      const home = connect({ port: to, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
      device.pipe(home).pipe(device);
      device.on("error", () => home.destroy());
      home.on("error", () => device.destroy());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  },
};

serveParent(pipeHandlers);
