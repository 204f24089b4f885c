import { expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type LookupFunction } from "node:net";

import "./process-edge.ts";

it("reaches a name whose first address answers late, and whose second nobody has", async () => {
  const server = createServer((socket) => void socket.on("error", () => undefined).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const lookup: LookupFunction = (_name, _options, found) =>
    setImmediate(() => {
      found(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
      // The answer is there at once; this process is busy for longer than Node would wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    });
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "gateway.test", port, lookup, autoSelectFamily: true });
  await once(socket, "connect");
  expect(socket.remoteAddress).toBe("127.0.0.1");
  socket.destroy();
  server.close();
});
