import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FakeGateway, fakeCameraId, makeCamera, type FakeHandlers } from "@gatehouse/shared/testing";

import { HomebridgeProcess } from "../support/homebridge.ts";
import { HomeKitController } from "../support/homekit-controller.ts";

const jpeg = Buffer.from("ffd8ffe000104a46494600ffd9", "hex");
const front = makeCamera({ name: "Front door" });
const back = makeCamera({ id: fakeCameraId("b"), name: "Back yard" });

describe("homebridge-gatehouse in other settings of a real Homebridge", () => {
  let storage: string;
  let gateway: FakeGateway;
  let handlers: FakeHandlers;
  let open: AsyncDisposableStack;

  const start = async (platformConfig?: Readonly<Record<string, unknown>>): Promise<HomebridgeProcess> =>
    open.use(await HomebridgeProcess.start({ storage, ...(platformConfig && { platformConfig }) }));
  /** Pairs with an accessory that is published by itself. */
  const pairWith = async (homebridge: HomebridgeProcess, name: string): Promise<HomeKitController> => {
    const [, port] = await homebridge.logged(new RegExp(`${name}.* is running on port (\\d+)`));
    const address = { host: "127.0.0.1", port: Number(port), username: "00:00:00:00:00:00" };
    return open.use(await HomeKitController.pair({ ...address, pin: homebridge.pin }));
  };

  beforeEach(async () => {
    open = new AsyncDisposableStack();
    storage = await mkdtemp(join(tmpdir(), "gatehouse-homebridge-"));
    open.defer(() => rm(storage, { recursive: true, force: true, maxRetries: 3 }));
    handlers = { snapshot: () => ({ jpeg, capturedAt: 1 }) };
    gateway = open.use(await FakeGateway.open({ handlers, cameras: [front, back] }));
  });

  afterEach(() => open.disposeAsync());

  it("publishes each camera as an accessory of its own, paired by itself, and again without the gateway", async () => {
    const homebridge = await start({ pairingString: gateway.pairingString, external: true });
    const door = await pairWith(homebridge, "Front door");
    const [camera] = await door.cameras();
    // HAP-NodeJS makes the name unique among what is advertised.
    expect(camera?.name).toMatch(/^Front door [0-9A-F]{4}$/);
    expect(camera?.slots).toHaveLength(4);
    expect(await door.snapshot(camera!.aid)).toEqual(jpeg);
    const yard = await pairWith(homebridge, "Back yard");
    expect(await yard.cameras()).toMatchObject([{ name: expect.stringMatching(/^Back yard [0-9A-F]{4}$/) }]);
    const bridge = { host: "127.0.0.1", port: homebridge.port, username: homebridge.username };
    const onBridge = open.use(await HomeKitController.pair({ ...bridge, pin: homebridge.pin }));
    expect(await onBridge.cameras()).toEqual([]);

    await gateway[Symbol.asyncDispose]();
    await homebridge.stop();
    const again = await start();
    const [, port] = await again.logged(/Front door.* is running on port (\d+)/);
    const restored = HomeKitController.restore(door.save(), { ...bridge, port: Number(port) });
    open.use(restored);
    expect(await restored.cameras()).toEqual([camera]);
    expect(await restored.read(camera!.active)).toEqual([0]);
  }, 90_000);

  it("lets no camera hold up another's picture or stay silent itself", async () => {
    handlers.snapshot = ({ params }) =>
      params.camera === front.id ? new Promise(() => undefined) : { jpeg, capturedAt: 1 };
    const homebridge = await start({ pairingString: gateway.pairingString });
    await homebridge.logged(/Connected to the gateway/);
    const bridge = { host: "127.0.0.1", port: homebridge.port, username: homebridge.username };
    const controller = open.use(await HomeKitController.pair({ ...bridge, pin: homebridge.pin }));
    const other = open.use(controller.another());
    const cameras = await controller.cameras();
    const aid = (name: string): number => cameras.find((one) => one.name === name)!.aid;
    // Its connection stands before, so that one answer alone is raced against the time that a camera has.
    await other.cameras();
    const order: string[] = [];
    const stuck = controller.snapshot(aid("Front door")).catch((error: unknown) => {
      order.push("stuck camera answered");
      return error;
    });
    expect(await other.snapshot(aid("Back yard"))).toEqual(jpeg);
    order.push("other camera answered");
    expect(await stuck).toMatchObject({ status: -70408 });
    expect(order).toEqual(["other camera answered", "stuck camera answered"]);
    expect(homebridge.lines.join("\n")).not.toContain("slow to respond");
  }, 60_000);

  it("starts Homebridge undisturbed by a wrong key, a wrong pairing string or none, and says what to do", async () => {
    const wrongKey = await start({ pairingstring: gateway.pairingString });
    const { input: line } = await wrongKey.logged(/unknown key "pairingstring"/);
    expect(line).toContain("nothing was changed");
    expect(wrongKey.lines.join("\n")).not.toContain(gateway.pairingString);
    await wrongKey.stop();

    const malformed = await start({ pairingString: "gh1.half" });
    await malformed.logged(/Copy the whole pairing string.*pairing-string-malformed/);
    await malformed.stop();

    const impostor = open.use(await FakeGateway.open());
    const [, , , secret] = impostor.pairingString.split(".");
    const [prefix, address] = gateway.pairingString.split(".");
    const foreign = await start({ pairingString: `${prefix}.${address}.${"A".repeat(22)}.${secret}` });
    await foreign.logged(/Pairing failed.*gateway-impostor/);
    await foreign.stop();

    const unpaired = await start({});
    await unpaired.logged(/Not paired with a gateway yet: run `gatehouse pair --for homebridge`/);
    expect(gateway.requests).toEqual([]);
  }, 90_000);
});
