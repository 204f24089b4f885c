/** Leads whoever comes by a socket in the file system to a port of loopback in this process's network: `SOCKET PORT`. Says `ready`. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

import { joinSockets } from "./join-sockets.ts";

const [, , path = "", port = ""] = process.argv;
const server = createServer({ allowHalfOpen: true }, (from) =>
  joinSockets(from, connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true })),
);
await once(server.listen(path), "listening");
process.stdout.write("ready\n");
