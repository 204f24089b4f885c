import hap from "@homebridge/hap-nodejs";
import { GatehouseError, stopped } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { beforeEach, describe, expect, it } from "@jest/globals";
import type { PrepareStreamRequest, PrepareStreamResponse } from "homebridge";

import { GatewayLink } from "./gateway-link.ts";
import { streamRequest } from "./hap-enums.ts";
import { Snapshots } from "./snapshot.ts";
import { StreamingDelegate } from "./streaming-delegate.ts";
import { FakeGatewayConnection } from "./testing/fake-gateway-connection.ts";
import { prepareRequest, startRequest, streamId } from "./testing/stream-requests.ts";

const srtp = { key: Buffer.alloc(16, 7).toString("base64"), salt: Buffer.alloc(14, 7).toString("base64") };
const prepared = {
  id: "ses-aaaaaaaaaaaaaaaa",
  address: "192.168.1.5",
  video: { port: 40_000, ssrc: 9, srtp },
  audio: null,
};
const camera = fakeCameraId();

describe("StreamingDelegate", () => {
  let gateway: FakeGatewayConnection;
  let link: GatewayLink;
  let clock: TestClock;
  let log: MemoryLogger;
  let gone: AbortController;
  let delegate: StreamingDelegate;
  /** What HAP was told, in order. */
  let told: (readonly [what: string, error: unknown])[];
  let answer: PrepareStreamResponse | undefined;

  const settle = () => clock.advance(0);
  const prepare = async (over: Partial<PrepareStreamRequest> = {}): Promise<void> => {
    delegate.prepareStream(prepareRequest(over), (error, response) => {
      told.push(["prepare", error]);
      answer = response;
    });
    await settle();
  };
  const start = async (): Promise<void> => {
    delegate.handleStreamRequest(startRequest(), (error) => told.push(["start", error]));
    await settle();
  };
  const stop = async (): Promise<void> => {
    delegate.handleStreamRequest({ sessionID: streamId, type: streamRequest.stop }, (error) =>
      told.push(["stop", error]),
    );
    await settle();
  };
  const reply = async (route: string, value: unknown = {}): Promise<void> => {
    gateway.of(route).at(-1)?.answer(value);
    await settle();
  };
  const refuse = async (route: string, error: GatehouseError): Promise<void> => {
    gateway.of(route).at(-1)?.fail(error);
    await settle();
  };
  const status = (value: number) => expect.objectContaining({ hapStatus: value });

  beforeEach(() => {
    [gateway, link, clock, log] = [new FakeGatewayConnection(), new GatewayLink(), new TestClock(), new MemoryLogger()];
    [gone, told, answer] = [new AbortController(), [], undefined];
    link.open(gateway.connection, false);
    link.up = true;
    const common = { camera, clock, log, signal: gone.signal };
    const snapshots = new Snapshots({ ...common, gateway: () => link.get() });
    const network = () => ({ hostname: "pi", interfaces: { eth0: [{ address: "192.168.1.5", internal: false }] } });
    delegate = new StreamingDelegate({ ...common, hap, link, network, snapshots });
  });

  it("answers SetupEndpoints only with what the gateway chose", async () => {
    await prepare();
    expect(told).toEqual([]);
    expect(gateway.calls[0]?.request).toMatchObject({ params: { camera }, body: { viewer: { videoPort: 50_000 } } });
    await reply("prepareHomeKitSession", prepared);
    expect(told).toEqual([["prepare", undefined]]);
    expect(answer).toMatchObject({ addressOverride: "192.168.1.5", video: { port: 40_000, ssrc: 9 } });
  });

  it("names the address of the HAP connection only to a gateway on this computer", async () => {
    await prepare();
    expect(gateway.calls[0]?.request["body"]).not.toHaveProperty("localAddress");
    link.open(gateway.connection, true);
    await prepare();
    expect(gateway.calls[1]?.request["body"]).toHaveProperty("localAddress", "192.168.1.5");
  });

  it("reports a start once the gateway did it, and a stop likewise", async () => {
    await prepare();
    await reply("prepareHomeKitSession", prepared);
    await start();
    expect(told).toHaveLength(1);
    expect(gateway.of("startHomeKitSession")[0]?.request).toMatchObject({ params: { session: prepared.id } });
    await reply("startHomeKitSession");
    await stop();
    expect(told).toHaveLength(2);
    await reply("endHomeKitSession");
    expect(told).toEqual([["prepare", undefined], ["start", undefined], ["stop", undefined]]); // prettier-ignore
    expect(gateway.of("endHomeKitSession")).toHaveLength(1);
  });

  it("reports a refusal in HomeKit's words and says the rest in the log", async () => {
    await prepare();
    await refuse("prepareHomeKitSession", new GatehouseError("viewer-address-refused", "8.8.8.8 is public"));
    expect(told).toEqual([["prepare", status(-70401)]]);
    expect(log.lines[0]?.message).toContain("8.8.8.8 is public. Live video is sent only to private addresses");
  });

  it("ends a session that failed to start", async () => {
    await prepare();
    await reply("prepareHomeKitSession", prepared);
    await start();
    await refuse("startHomeKitSession", new GatehouseError("camera-stalled", "no video"));
    expect(told[1]).toEqual(["start", status(-70402)]);
    expect(gateway.of("endHomeKitSession")).toHaveLength(1);
  });

  it("gives up on a silent gateway before HomeKit does, and takes the request back", async () => {
    await prepare();
    await clock.advance(6_000);
    expect(told).toEqual([["prepare", status(-70408)]]);
    expect(gateway.calls[0]?.signal.aborted).toBe(true);
  });

  it("ends what the gateway prepares after the viewer left, and tells HAP before the slot can be used again", async () => {
    await prepare();
    delegate.handleStreamRequest({ sessionID: streamId, type: streamRequest.stop }, () => undefined);
    // Only promise reactions may lie between: no other request can come in before them.
    for (let reaction = 0; reaction < 50; reaction += 1) await Promise.resolve();
    expect(told).toEqual([["prepare", status(-70402)]]);
    await reply("prepareHomeKitSession", prepared);
    expect(gateway.of("endHomeKitSession")[0]?.request).toMatchObject({ params: { session: prepared.id } });
  });

  it("tells a start that was overtaken by its stop, and ends the session once", async () => {
    await prepare();
    await reply("prepareHomeKitSession", prepared);
    await start();
    await stop();
    expect(told[1]).toEqual(["start", status(-70402)]);
    await reply("endHomeKitSession");
    await reply("startHomeKitSession");
    expect(told).toHaveLength(3);
    expect(gateway.of("endHomeKitSession")).toHaveLength(1);
  });

  it("reports no error for a stop: by then the slot may be another viewer's", async () => {
    await prepare();
    await reply("prepareHomeKitSession", prepared);
    await stop();
    await refuse("endHomeKitSession", new GatehouseError("not-found", "gone"));
    await stop();
    expect(told.slice(1)).toEqual([["stop", undefined], ["stop", undefined]]); // prettier-ignore
  });

  it("acknowledges another size without asking the gateway", () => {
    const video = { width: 640, height: 360, fps: 15, max_bit_rate: 132, rtcp_interval: 0.5 };
    delegate.handleStreamRequest({ sessionID: streamId, type: streamRequest.reconfigure, video }, (error) =>
      told.push(["reconfigure", error]),
    );
    expect(told).toEqual([["reconfigure", undefined]]);
    expect(gateway.calls).toEqual([]);
  });

  it("refuses at once while the gateway is away, before pairing, and for a view that was never set up", async () => {
    link.up = false;
    await prepare();
    link.up = true;
    await start();
    expect(told).toEqual([["prepare", status(-70402)], ["start", status(-70409)]]); // prettier-ignore
    expect(gateway.calls).toEqual([]);
    expect(() => new GatewayLink().get()).toThrow("not paired");
  });

  it("refuses an answer of the other address family, which HAP-NodeJS cannot take", async () => {
    await prepare();
    await reply("prepareHomeKitSession", { ...prepared, address: "fd00::5" });
    expect(told).toEqual([["prepare", status(-70402)]]);
    expect(gateway.of("endHomeKitSession")).toHaveLength(1);
  });

  it("gives up what waits when the camera is gone", async () => {
    await prepare();
    gone.abort(stopped("closed"));
    await settle();
    expect(told).toEqual([["prepare", status(-70402)]]);
  });

  it("answers a snapshot with the picture, or with a status", async () => {
    const pictures: unknown[] = [];
    const ask = () =>
      delegate.handleSnapshotRequest({ width: 640, height: 360 }, (error, jpeg) => pictures.push(error ?? jpeg));
    ask();
    await settle();
    await reply("snapshot", { jpeg: Buffer.from("picture"), capturedAt: 1 });
    ask();
    await settle();
    await refuse("snapshot", new GatehouseError("not-found", "gone"));
    expect(pictures).toEqual([Buffer.from("picture"), -70409]);
  });
});
