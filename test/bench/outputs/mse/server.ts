import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { Fmp4View } from "../../../../gateway-bridge/src/consumers/fmp4/fmp4-view.ts";
import { WebSocketServer } from "../../../../gateway-bridge/src/consumers/fmp4/testing/web-socket.ts";
import { clock, log, type MediaPlane } from "../../media-host/media-plane.ts";

const openServer = async (plane: MediaPlane): Promise<number> => {
  // As the gateway's API server has them.
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket, request) => {
    Fmp4View.open({ stream: plane.stream(Number(request.url?.slice(1))), socket, clock, log });
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** Live fMP4 over WebSockets, as a worker's handlers. */
export const mseServer = (plane: MediaPlane) => {
  let port: Promise<number> | undefined;
  return {
    msePort: (): Promise<number> => (port ??= openServer(plane)),
  };
};
