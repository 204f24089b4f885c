import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { once } from "node:events";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";

import { ApiWorld } from "../../gateway-bridge/src/api/testing/api-world.ts";

let world: ApiWorld;
beforeEach(async () => void (world = await ApiWorld.open({}, systemClock)));
afterEach(() => world[Symbol.asyncDispose]());

it("10,000 refusals from many addresses add fewer than 100 rows", async () => {
  const [addresses, each] = [50, 200];
  const [host = "", port = ""] = world.address.split(":");
  let refused = 0;
  const knock = async (address: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.0.1.${address}` });
    try {
      for (let asked = 0; asked < each; asked += 1) {
        const path = `/v1/cameras/cam-${"abcdefghijklmnop".slice(asked % 16)}${"a".repeat(asked % 16)}/snapshot`;
        const way = { host, port, path, agent, ca: world.certificate.certificate, servername: "gateway" };
        const asking = request({ ...way, headers: { host: world.address } }).end();
        const [answer] = (await once(asking, "response")) as [IncomingMessage];
        answer.resume();
        await once(answer, "end");
        if (answer.statusCode === 401) refused += 1;
      }
    } finally {
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: addresses }, (_, address) => knock(address + 1)));
  expect(refused).toBe(addresses * each);
  expect(world.audit.length).toBeGreaterThan(0);
  expect(world.audit.length).toBeLessThan(100);
  expect(new Set(world.audit.map(({ outcome, principal }) => `${principal} ${outcome}`))).toEqual(
    new Set(["- denied"]),
  );
}, 60_000);
