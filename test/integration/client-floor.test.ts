import { beforeAll, describe, expect, it } from "@jest/globals";
import { FakeGateway, makeCamera, makeCertificate } from "@gatehouse/shared/testing";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { AwayHome } from "../support/away-home.ts";
import { floors, hasNode, nodeBinary } from "../support/node-versions.ts";
import { root } from "../support/repository.ts";

const run = promisify(execFile);
const describeOn = hasNode(floors.nodeRed) ? describe : describe.skip;

/** Runs on the old Node: pairs, asks, listens, and prints what it got. */
const script = `
  const { GatewayClient, pair, silentLogger, systemClock } = await import(process.argv[1]);
  const cancel = { signal: new AbortController().signal };
  const identity = await pair({ pairingString: process.argv[2], kind: "node-red", clock: systemClock }, cancel);
  const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
  const [camera] = await client.call("listCameras", {}, cancel);
  const { capturedAt } = await client.snapshot(camera.id, {}, cancel);
  const hello = await new Promise((message) => client.watch({ message }));
  await client[Symbol.asyncDispose]();
  const stranger = { ...identity, gatewayPin: identity.gatewayPin.replace(/^./, (c) => (c === "A" ? "B" : "A")) };
  const fooled = new GatewayClient({ identity: stranger, clock: systemClock, log: silentLogger, random: () => 0 });
  const refused = await fooled.call("listCameras", {}, cancel).catch(({ code }) => code);
  await fooled[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version: process.version, name: camera.name, capturedAt, hello: hello.kind, refused }));
`;

/** Comes home through a relay, and asks there; then the same with another relay's key. */
const away = `
  const { goHome, loadDeviceIdentity, systemClock } = await import(process.argv[1]);
  const cancel = { signal: new AbortController().signal };
  const identity = await loadDeviceIdentity(process.argv[2]);
  const way = { identity, clock: systemClock, errand: { kind: "api" }, way: "own" };
  const socket = await goHome({ ...way, wayHome: identity.wayHome }, cancel);
  socket.write("GET /v1/door HTTP/1.1\\r\\nhost: home\\r\\nconnection: close\\r\\n\\r\\n");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  const relay = { ...identity.wayHome.relay, keys: ["A".repeat(43)] };
  const refused = await goHome({ ...way, wayHome: { ...identity.wayHome, relay } }, cancel).catch(({ code }) => code);
  console.log(JSON.stringify({ version: process.version, status: answer.slice(0, 12), refused }));
`;

describeOn(`the gateway client on Node.js ${floors.nodeRed}`, () => {
  beforeAll(async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    await run(process.execPath, [tsc, "-b", "shared"], { cwd: root });
  }, 120_000);

  it("pairs, asks, listens, and sends nothing to another key", async () => {
    const certificate = makeCertificate({ name: "gateway" });
    await using gateway = await FakeGateway.open({
      certificate,
      cameras: [makeCamera({ name: "Gate" })],
      handlers: { snapshot: () => ({ jpeg: Buffer.from("jpeg"), capturedAt: 7 }) },
    });
    const client = pathToFileURL(join(root, "shared/dist/index.js")).href;
    const args = ["--input-type=module", "--eval", script, client, gateway.pairingString];
    const { stdout, stderr } = await run(nodeBinary(floors.nodeRed), args, { env: {} });
    expect(JSON.parse(stdout)).toEqual({
      version: `v${floors.nodeRed}`,
      name: "Gate",
      capturedAt: 7,
      hello: "hello",
      refused: "gateway-impostor",
    });
    expect(stderr).toBe("");
  });

  it("comes home through a relay, and sends nothing to another one", async () => {
    await using home = await AwayHome.open();
    const client = pathToFileURL(join(root, "shared/dist/index.js")).href;
    const args = ["--input-type=module", "--eval", away, client, home.identityFile];
    const { stdout, stderr } = await run(nodeBinary(floors.nodeRed), args, { env: {} });
    expect(JSON.parse(stdout)).toEqual({
      version: `v${floors.nodeRed}`,
      status: "HTTP/1.1 200",
      refused: "relay-impostor",
    });
    expect(stderr).toBe("");
    expect(home.relay.heard).toHaveLength(2);
  });
});
