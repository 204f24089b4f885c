import { afterEach, describe, expect, it } from "@jest/globals";

import { eventually } from "../support/eventually.ts";
import { knock, makeDeviceKey, readBytes } from "../support/relay-device.ts";
import { RelayHome } from "../support/relay-home.ts";
import { ScriptedGateway } from "../support/scripted-gateway.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
const use = <T extends AsyncDisposable>(resource: T): T => {
  open.push(resource);
  return resource;
};

describe("a channel through the relay", () => {
  it.each(["shared", "own"] as const)("carries bytes both ways once the gateway took the device (%s)", async (way) => {
    const home = use(await RelayHome.open());
    const key = home.enrolledKey();
    const gateway = use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    const device = makeDeviceKey();
    await gateway.admit([device.thumbprint]);
    const { socket, verdict } = await knock({ port: home.port, pin: home.pin, gateway: key.id, device, way });
    expect(verdict).toEqual({ open: true });
    const sent = Buffer.alloc(300_000, 7);
    socket.write(sent);
    expect((await readBytes(socket, 16_000)).equals(sent.subarray(0, 16_000))).toBe(true);
    expect(gateway.ways).toEqual([way]);
    socket.destroy();
    await eventually("the channel ends at the gateway", () => gateway.channels.size === 0);
  });
});
