import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import type { TestCertificate } from "@gatehouse/shared/testing";

import { serveParent } from "../worker-process.ts";
import { cipher } from "./cipher.ts";
import { Neighbourhood } from "./neighbourhood.ts";
import { TaskServer } from "./serve-tasks.ts";

const tasks = new TaskServer();
const neighbourhood = new Neighbourhood((stream) => tasks.serve(stream));

const serveSocket = (socket: Socket): void => tasks.serve(socket.setNoDelay(true));

const listen = async ({ tls }: { readonly tls?: TestCertificate }): Promise<number> => {
  const server =
    tls === undefined
      ? createTcpServer(serveSocket)
      : createTlsServer(
          { cert: tls.certificate, key: tls.privateKey, minVersion: "TLSv1.3", ciphers: cipher },
          serveSocket,
        );
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
};

export const homeHandlers = {
  /** Listens on loopback for whatever lies in between, by TLS where a certificate is given; answers the port. */
  listen,
  /** Bytes that came to be thrown away, since the start. */
  received: (): number => tasks.received,
  ...neighbourhood.handlers,
};

serveParent(homeHandlers);
