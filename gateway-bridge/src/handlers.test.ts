import { expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { networkInterfaces } from "node:os";

import type { HomeKitPreparation } from "./consumers/homekit/homekit-sessions.ts";
import { createHandlers, type HandlerParts } from "./handlers.ts";

const signal = new AbortController().signal;

/** What the sessions are asked for when a plugin at `peer` names a local address. */
const prepareFrom = async (peer: string): Promise<HomeKitPreparation> => {
  const asked: HomeKitPreparation[] = [];
  const homekit = { prepare: async (preparation: HomeKitPreparation) => void asked.push(preparation) };
  const parts = {
    homekit,
    interfaces: networkInterfaces,
    clock: new TestClock(),
    posture: {},
  } as unknown as HandlerParts;
  const body = { viewer: { address: "127.0.0.1", videoPort: 9 }, localAddress: "127.0.0.1", width: 640 };
  const principal = { id: "who-a", kind: "homebridge", grants: [], revoked: null };
  const request = {
    principal,
    place: "home",
    assurance: "one",
    params: { camera: "cam-a" },
    query: {},
    body,
    peer,
    signal,
  };
  await createHandlers(parts).prepareHomeKitSession(request as never);
  return asked[0]!;
};

it("takes a local address from a plugin on this box", async () => {
  expect((await prepareFrom("127.0.0.1")).body).toMatchObject({ localAddress: "127.0.0.1", width: 640 });
});

it("takes none from another box, whose plugin cannot know any of ours", async () => {
  const { body } = await prepareFrom("192.0.2.44");
  expect(body).not.toHaveProperty("localAddress");
  expect(body).toMatchObject({ viewer: { address: "127.0.0.1" }, width: 640 });
});
