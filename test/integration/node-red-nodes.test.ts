import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { errorRegistry, GatehouseError, type CameraId, type Event } from "@gatehouse/shared";
import { fakeCameraId, FakeGateway, makeCamera } from "@gatehouse/shared/testing";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Collector } from "../support/collector.ts";
import { NodeRedBadges } from "../support/node-red-badges.ts";
import { NodeRedProcess } from "../support/node-red.ts";
import {
  everyReport,
  findReport,
  nodeIds,
  nodesFlow,
  reportsIn,
  type NodesFlowOptions,
} from "../support/nodes-flow.ts";
import { installPackedNodes } from "../support/packed-nodes.ts";

const connected = "node-red:common.status.connected";
const [front, garden] = [fakeCameraId("a"), fakeCameraId("b")];
const cameras = [makeCamera({ id: front }), makeCamera({ id: garden, name: "Garden" })];

let userDir: string;
let nodeRed: NodeRedProcess;
let badges: NodeRedBadges;
let gateway: FakeGateway;
let collector: Collector;
/** Cameras in motion, as the gateway says when it greets. */
let moving: CameraId[];

beforeAll(async () => {
  userDir = await mkdtemp(join(tmpdir(), "gatehouse-nodes-"));
  await installPackedNodes(userDir);
  // Nothing of ours there: only what was packed is found.
  nodeRed = await NodeRedProcess.start({ userDir, nodesDir: join(userDir, "none") });
  badges = await NodeRedBadges.open(nodeRed);
}, 120_000);
afterAll(async () => {
  await badges[Symbol.asyncDispose]();
  await nodeRed[Symbol.asyncDispose]();
  await rm(userDir, { recursive: true });
});

/** Every test has a gateway of its own, and so pairs anew: the pairing string is another. */
beforeEach(async () => {
  moving = [];
  collector = await Collector.open();
  gateway = await FakeGateway.open({ cameras: [...cameras], motion: moving, handlers: { snapshot } });
  await deploy({ pairingString: gateway.pairingString });
}, 60_000);
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

const deploy = async (options: Omit<NodesFlowOptions, "collector">): Promise<void> =>
  badges.deploy(nodesFlow({ ...options, collector: collector.url }), nodeIds.everything, connected);

const anotherAsked = Promise.withResolvers<undefined>();
const forever = new Promise<never>(() => undefined);

/** Pictures whose bytes say what was asked for. A width of 1 gets none, one of 2 waits until somebody asks for 4. */
const snapshot = async ({ params, query }: { params: { camera: CameraId }; query: { width?: number | undefined } }) => {
  if (query.width === 1) await forever;
  if (query.width === 2) await anotherAsked.promise;
  if (query.width === 4) anotherAsked.resolve(undefined);
  if (query.width === 403) throw new GatehouseError("access-denied", "this client may not take pictures here");
  return { jpeg: Buffer.from(`${params.camera} ${query.width ?? "any"}`), capturedAt: 7 };
};

const motion = (camera: CameraId, active: boolean): Event => ({
  kind: "motion",
  id: randomUUID(),
  camera,
  at: 5,
  active,
  topic: "RuleEngine/CellMotionDetector/Motion",
});

const ask = async (path: string, token: string | undefined): Promise<Response> =>
  fetch(`${nodeRed.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe("the published package in a real Node-RED", () => {
  it("brings three node types, all of which load", async () => {
    interface Loaded {
      readonly module: string;
      readonly types: readonly string[];
      readonly enabled: boolean;
      readonly err?: unknown;
      readonly local: boolean;
    }
    const sets = ((await nodeRed.get("/nodes")) as Loaded[]).filter(({ module }) => module.startsWith("@gatehouse/"));
    expect(sets.flatMap(({ types }) => types).sort()).toEqual([
      "gatehouse-event",
      "gatehouse-gateway",
      "gatehouse-snapshot",
    ]);
    for (const set of sets) expect(set).toMatchObject({ enabled: true, local: true });
    for (const { err } of sets) expect(err).toBeUndefined();
  });
});

describe("the event node", () => {
  it("tells when motion begins and ends, with the camera's name and id", async () => {
    gateway.emit(motion(front, true));
    gateway.emit(motion(front, false));
    const began = await findReport(collector, ({ event }) => event?.kind === "motion" && event.active);
    expect(began).toMatchObject({
      topic: "Front door/motion",
      camera: front,
      event: { name: "Front door", camera: front, at: 5, topic: "RuleEngine/CellMotionDetector/Motion" },
    });
    const ended = await findReport(collector, ({ event }) => event?.kind === "motion" && !event.active);
    expect(ended.sequence).toBeGreaterThan(began.sequence);
  });

  it("lets through only what its filter names", async () => {
    for (const camera of [front, garden]) for (const active of [true, false]) gateway.emit(motion(camera, active));
    gateway.emit({ kind: "camera-removed", id: randomUUID(), camera: garden, at: 6 });
    await findReport(collector, ({ event }) => event?.kind === "camera-removed");
    await findReport(collector, ({ kept }) => kept === "garden");
    const seen = await everyReport(collector, 6);
    expect(seen.filter(({ kept }) => kept === "garden").map(({ event }) => event)).toMatchObject([
      { kind: "motion", camera: garden, active: false },
    ]);
    expect(seen.filter(({ kept }) => kept === undefined).map(({ event }) => event?.kind)).toEqual([
      ...["motion", "motion", "motion", "motion"],
      "camera-removed",
    ]);
  });

  it("tells that a camera went away, and in what state", async () => {
    const state = {
      kind: "offline" as const,
      code: "camera-unreachable" as const,
      message: "no answer",
      remedy: "Look.",
      since: 3,
    };
    gateway.emit({ kind: "camera-state", id: randomUUID(), camera: front, at: 4, state });
    const { event, topic } = await findReport(collector, (report) => report.event?.kind === "camera-state");
    expect(event).toMatchObject({ name: "Front door", state });
    expect(topic).toBe("Front door/camera-state");
  });

  it("comes back by itself after the gateway was away, and tells what ended meanwhile", async () => {
    gateway.emit(motion(front, true));
    await findReport(collector, ({ event }) => event?.kind === "motion" && event.active);
    const { address, certificate } = gateway;
    await gateway[Symbol.asyncDispose]();
    await badges.until(nodeIds.everything, "unreachable");
    const port = Number(address.split(":")[1]);
    gateway = await FakeGateway.open({ cameras: [...cameras], port, certificate });
    await badges.until(nodeIds.everything, connected, 30_000);
    const ended = await findReport(collector, ({ event }) => event?.kind === "motion" && !event.active);
    expect(ended).toMatchObject({ camera: front, topic: "Front door/motion" });
    gateway.emit(motion(garden, true));
    await findReport(collector, ({ camera }) => camera === garden);
    expect(gateway.requests.map(({ name }) => name)).not.toContain("pair");
  }, 60_000);
});

describe("the snapshot node", () => {
  it("answers with a picture of its camera", async () => {
    await nodeRed.inject(nodeIds.take, { kept: "through" });
    const report = await findReport(collector, ({ picture }) => picture !== undefined);
    expect(report).toMatchObject({
      picture: `${front} any`,
      contentType: "image/jpeg",
      camera: front,
      topic: "Front door",
      capturedAt: 7,
      kept: "through",
    });
  });

  it.each([
    ["a name", { camera: "Garden", width: 320 }, `${garden} 320`],
    ["an id", { camera: garden, width: "640" }, `${garden} 640`],
  ])("lets the message choose the camera by %s, and the width", async (_, message, picture) => {
    await nodeRed.inject(nodeIds.take, message);
    await findReport(collector, (report) => report.picture === picture);
  });

  it("keeps the order of the messages, whichever picture comes first", async () => {
    for (const width of [2, 3, 4]) await nodeRed.inject(nodeIds.take, { width });
    const seen = await everyReport(collector, 3);
    expect(seen.map(({ picture }) => picture)).toEqual([2, 3, 4].map((width) => `${front} ${width}`));
  });

  it.each([
    ["a camera that there is not", { camera: "Attic" }, "not-found", "Choose one of: Front door, Garden."],
    ["what it has no grant for", { width: 403 }, "access-denied", errorRegistry["access-denied"].remedy],
  ])("tells a catch node what to do when asked for %s", async (_, message, code, remedy) => {
    await nodeRed.inject(nodeIds.take, message);
    const { error } = await findReport(collector, (report) => report.error !== undefined);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(remedy);
  });

  it("tells a catch node that the gateway is down", async () => {
    await gateway[Symbol.asyncDispose]();
    await badges.until(nodeIds.snapshot, "unreachable");
    await nodeRed.inject(nodeIds.take);
    const { error } = await findReport(collector, (report) => report.error !== undefined);
    expect(error).toMatchObject({
      code: "gateway-unreachable",
      message: expect.stringContaining(errorRegistry["gateway-unreachable"].remedy),
    });
    gateway = await FakeGateway.open();
  });

  it("refuses more than it can wait for, and lets a redeployment end the wait quietly", async () => {
    for (let count = 0; count < 17; count += 1) await nodeRed.inject(nodeIds.take, { width: 1 });
    const { error } = await findReport(collector, (report) => report.error !== undefined);
    expect(error).toMatchObject({ code: "too-many-requests" });
    await deploy({ gatewayName: "again" });
    await nodeRed.inject(nodeIds.take, { width: 5 });
    await findReport(collector, ({ picture }) => picture === `${front} 5`);
    expect(reportsIn(collector).filter((report) => report.error !== undefined)).toHaveLength(1);
  }, 60_000);
});

describe("a redeployment", () => {
  it("pairs no more and leaves one connection", async () => {
    for (const gatewayName of ["one", "two", "three"]) {
      const earlier = gateway.requests.length;
      await deploy({ gatewayName });
      await gateway.until(() => gateway.watchers === 1);
      expect(gateway.requests.slice(earlier).map(({ name }) => name)).toEqual(["events"]);
    }
    await nodeRed.deploy([]);
    await gateway.until(() => gateway.watchers === 0);
    expect(gateway.requests.filter(({ name }) => name === "pair")).toHaveLength(1);
  }, 60_000);

  it("leaves one file a gateway node, however often it was paired", async () => {
    expect(await readdir(join(userDir, "gatehouse"))).toEqual([`${nodeIds.gateway}.identity`]);
  });
});

describe("the editor's list of cameras", () => {
  const path = `/gatehouse/${nodeIds.gateway}/cameras`;

  it("holds names and ids only, for those who may read flows", async () => {
    const response = await ask(path, await nodeRed.signIn("viewer"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual([
      { id: front, name: "Front door" },
      { id: garden, name: "Garden" },
    ]);
  });

  it("is refused to strangers", async () => {
    expect((await ask(path, undefined)).status).toBe(401);
    expect((await ask(path, "guessed")).status).toBe(401);
  });

  it.each([
    ["an unknown id", "ffffffffffffffff"],
    ["a node of another type", nodeIds.report],
    ["one of our nodes that is no gateway", nodeIds.snapshot],
    ["a path", encodeURIComponent("../../flows")],
    ["a name that every object has", "__proto__"],
  ])("does not exist for %s", async (_, id) => {
    const response = await ask(`/gatehouse/${id}/cameras`, await nodeRed.signIn("viewer"));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual([]);
  });
});
