import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { errorRegistry } from "@gatehouse/shared";
import { FakeGateway } from "@gatehouse/shared/testing";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Collector } from "../support/collector.ts";
import { eventually } from "../support/eventually.ts";
import { NodeRedBadges } from "../support/node-red-badges.ts";
import { buildNodes, NodeRedProcess } from "../support/node-red.ts";
import { findReport, nodeIds, nodesFlow, type NodesFlowOptions } from "../support/nodes-flow.ts";
import { RealDoor } from "../support/real-door.ts";

const connected = "node-red:common.status.connected";

let userDir: string;
let nodeRed: NodeRedProcess;
let badges: NodeRedBadges;
let collector: Collector;
let door: RealDoor;

const start = async (): Promise<void> => {
  nodeRed = await NodeRedProcess.start({ userDir });
  badges = await NodeRedBadges.open(nodeRed);
};
const end = async (): Promise<void> => {
  await badges[Symbol.asyncDispose]();
  await nodeRed.kill();
};

beforeAll(async () => {
  userDir = await mkdtemp(join(tmpdir(), "gatehouse-pairing-"));
  await buildNodes();
  await start();
}, 120_000);
afterAll(async () => {
  await end();
  await rm(userDir, { recursive: true });
});
beforeEach(async () => {
  collector = await Collector.open();
  door = await RealDoor.open();
});
afterEach(async () => {
  await door[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

const offer = (actions: readonly ("events" | "snapshot")[] = ["events", "snapshot"]): string => {
  const grants = actions.map((action) => ({ action, camera: "*" as const }));
  return door.parts.pairing.offer({ kind: "node-red", name: "Flows", grants }).pairingString;
};
const paired = () => door.parts.principals.list().filter(({ kind }) => kind === "node-red");
const deploy = async (options: Omit<NodesFlowOptions, "collector">, text = connected): Promise<void> =>
  badges.deploy(nodesFlow({ ...options, collector: collector.url }), nodeIds.everything, text);
const takePicture = async (): Promise<unknown> => {
  collector.received.length = 0;
  await nodeRed.inject(nodeIds.take, { camera: "Front door" });
  return findReport(collector, ({ picture, error }) => picture !== undefined || error !== undefined);
};
/** What Node-RED prints comes by another way than its badges, and may be read after them. */
const printed = (pattern: RegExp): Promise<void> => eventually(String(pattern), () => pattern.test(nodeRed.output));
const identityFile = (): string => join(userDir, "gatehouse", `${nodeIds.gateway}.identity`);

describe("a pairing string in the gateway node", () => {
  it("pairs once; the identity is sealed in a private file, and nothing secret leaves Node-RED", async () => {
    const pairingString = offer();
    await deploy({ pairingString });
    expect(paired()).toHaveLength(1);

    expect((await stat(identityFile())).mode & 0o777).toBe(0o600);
    expect((await stat(join(userDir, "gatehouse"))).mode & 0o777).toBe(0o700);
    const secret = pairingString.split(".").at(-1)!;
    expect((await readFile(identityFile())).includes("PRIVATE KEY")).toBe(false);
    for (const file of ["flows.json", "flows_cred.json"]) {
      expect(await readFile(join(userDir, file), "utf8")).not.toContain(secret);
    }
    const told = await Promise.all(
      ["/flows", `/credentials/gatehouse-gateway/${nodeIds.gateway}`, `/flow/${nodeIds.tab}`].map((path) =>
        nodeRed.get(path),
      ),
    );
    expect(told[1]).toEqual({ has_pairingString: true });
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(nodeRed.output).not.toContain(secret);
  });

  it("survives redeployments, and the power going right after it paired", async () => {
    await deploy({ pairingString: offer() });
    await end();
    await start();
    await badges.until(nodeIds.everything, connected);
    await deploy({ gatewayName: "renamed" });
    expect(paired()).toHaveLength(1);
    expect(await takePicture()).toMatchObject({ picture: "jpeg" });
  }, 90_000);

  it("pairs anew when it is another one", async () => {
    await deploy({ pairingString: offer() });
    await deploy({ pairingString: offer() });
    expect(paired()).toHaveLength(2);
  });

  it("says in badge and log that it was used, and Node-RED lives on", async () => {
    const pairingString = offer();
    await deploy({ pairingString });
    // The identity is lost, as when somebody copies a flow and its credentials to another Node-RED.
    await rm(identityFile());
    await deploy({ gatewayName: "moved" }, "string used or old");
    await printed(/\[error\] \[gatehouse-gateway:moved\].*\n/);
    const said = nodeRed.output.split("\n").filter((line) => line.includes("[error] [gatehouse-gateway:moved]"));
    expect(said).toEqual([expect.stringContaining(errorRegistry["pairing-invalid"].remedy)]);
    expect(await takePicture()).toMatchObject({ error: { code: "pairing-invalid" } });
    expect(paired()).toHaveLength(1);
    await deploy({ pairingString: offer() });
    expect(await takePicture()).toMatchObject({ picture: "jpeg" });
  });

  it("is not spent while the identity could not be kept", async () => {
    await rm(join(userDir, "gatehouse"), { recursive: true, force: true });
    await writeFile(join(userDir, "gatehouse"), "in the way");
    const pairingString = offer();
    await deploy({ pairingString }, "error, see the log");
    expect(paired()).toHaveLength(0);
    await printed(/\[error\] .*cannot be kept .*Let Node-RED read and write its user folder/);
    await rm(join(userDir, "gatehouse"));
    await badges.until(nodeIds.everything, connected);
    expect(paired()).toHaveLength(1);
  });

  it.each([
    ["is missing", "", "not paired", "unauthenticated", "gatehouse pair --for node-red"],
    [
      "was cut short",
      "gh1.127.0.0.1:1.abc",
      "string incomplete",
      "pairing-string-malformed",
      errorRegistry["pairing-string-malformed"].remedy,
    ],
  ])("says what to do when it %s", async (_, pairingString, text, code, remedy) => {
    await deploy({ pairingString }, text);
    const report = await takePicture();
    expect(report).toMatchObject({ error: { code, message: expect.stringContaining(remedy) } });
    await eventually("it is in the log", () => nodeRed.output.includes(remedy));
  });

  it("reaches nobody who answers in the gateway's place", async () => {
    const pairingString = offer();
    const port = Number(door.address.split(":")[1]);
    await door.stop();
    await using impostor = await FakeGateway.open({ port });
    await deploy({ pairingString }, "not this gateway");
    expect(impostor.requests).toEqual([]);
  });
});

describe("without a gateway node", () => {
  it("nodes say so, and Node-RED lives on", async () => {
    await deploy({ pairingString: null }, "no gateway");
    await badges.until(nodeIds.snapshot, "no gateway");
    expect(await takePicture()).toMatchObject({
      error: { code: "not-found", message: expect.stringContaining("Choose a gateway") },
    });
  });
});

describe("the gateway's owner", () => {
  it("locks a flow out at once, which says so and does not insist", async () => {
    await deploy({ pairingString: offer() });
    const logged = nodeRed.output.length;
    const [principal] = paired();
    door.parts.principals.revoke(principal!.id);
    await badges.until(nodeIds.everything, "locked out");
    await badges.until(nodeIds.snapshot, "locked out");
    expect(await takePicture()).toMatchObject({ error: { code: "unauthenticated" } });
    const said = (): string => nodeRed.output.slice(logged);
    await eventually("the remedy", () => said().includes(errorRegistry.unauthenticated.remedy));
    // Half a minute at least before each further try.
    const pausesIn = (text: string): number[] =>
      [...text.matchAll(/code: unauthenticated.*retryInMs: (\d+)/g)].map(([, ms]) => Number(ms));
    await eventually("a pause", () => pausesIn(said()).length > 0);
    const pauses = pausesIn(said());
    for (const ms of pauses) expect(ms).toBeGreaterThanOrEqual(30_000);
    // The nodes can be closed in that state, and pair again.
    await deploy({ pairingString: offer() });
  });

  it("grants events without pictures, and a catch node hears of it", async () => {
    await deploy({ pairingString: offer(["events"]) });
    expect(await takePicture()).toMatchObject({ error: { code: "access-denied" } });
  });
});

describe("the folder of identities", () => {
  it("holds no drafts", async () => {
    await deploy({ pairingString: offer() });
    expect(await readdir(join(userDir, "gatehouse"))).toEqual([`${nodeIds.gateway}.identity`]);
  });
});
