import { expect, it } from "@jest/globals";
import {
  GatewayClient,
  loadIdentity,
  Secret,
  silentLogger,
  systemClock,
  type AuditRow,
  type Status,
} from "@gatehouse/shared";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Simulator } from "../simulator/simulator.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { gatehouseJson, GatewayProcess } from "../support/gateway-process.ts";
import { root } from "../support/repository.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

it("the gateway goes on when its log cannot be written", async () => {
  const data = await mkdtemp(join(tmpdir(), "gatehouse-full-"));
  await writeFile(join(data, "config.json"), JSON.stringify({ listen: { port: 0 } }));
  // Linux's device that is always full.
  await using full = await open("/dev/full", "w");
  const main = join(root, "gateway-bridge/src/main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, "up", "--json", "--data", data], {
    stdio: ["ignore", "pipe", full.fd],
    env: { PATH: process.env["PATH"], HOME: data, GATEHOUSE_LOG: "debug" },
  });
  const ended = once(child, "exit");
  try {
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    expect(JSON.parse(line)).toHaveProperty("address");
    // Each request writes a line that has no room.
    for (let time = 0; time < 2; time += 1) {
      expect(((await gatehouseJson(data, ["status"])) as Status).audit.intact).toBe(true);
    }
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    await rm(data, { recursive: true });
  }
}, 90_000);

it("nobody is shown anything while the audit log cannot be written, and all is as before once it can", async () => {
  const never = { signal: new AbortController().signal };
  const data = await mkdtemp(join(tmpdir(), "gatehouse-unwritable-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(data, { recursive: true }));
  const simulator = stack.use(await Simulator.open({ id: "larder-20c4" }));
  const gateway = stack.use(await GatewayProcess.start({ data, config: { listen: { port: 0 }, rtsp: { port: 0 } } }));
  const identity = await loadIdentity(join(data, "cli.json"));
  if (identity === undefined) throw new Error("the gateway has no owner");
  const owner = stack.use(new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 }));
  const { onvifUrl: address, username, password } = simulator;
  const camera = await owner.call("addCamera", { body: { address, name: "Larder", username, password } }, never);
  const grants = (["live", "snapshot"] as const).map((action) => ({ action, camera: camera.id }));
  const login = await owner.call("addApplication", { body: { name: "Friend", grants } }, never);
  const friend = await ApplicationClient.of(gateway, login);

  const get = async (path: string): Promise<string> => {
    const { status, body } = await friend.ask({ path });
    return status === 200 ? "shown" : (JSON.parse(body.toString()) as { error: { code: string } }).error.code;
  };
  const live = async (): Promise<string> => {
    const socket = await friend.watch(`/v1/cameras/${camera.id}/live`);
    try {
      // The first message is either what will be shown, or why nothing is.
      const [first] = (await once(socket, "message")) as [Buffer];
      const { kind, error } = JSON.parse(first.toString()) as { kind: string; error?: { code: string } };
      return error?.code ?? (kind === "end" ? "refused" : "shown");
    } finally {
      socket.terminate();
    }
  };
  const events = (): Promise<string> =>
    friend.watch("/v1/events").then(
      (socket) => (socket.terminate(), "shown"),
      () => "refused",
    );
  const rtsp = async (): Promise<number> => {
    const port = Number(new URL(login.rtsp[0]!.url.replace("rtsps:", "https:")).port);
    using reader = await RtspReader.open({
      ...{ port, pin: friend.pin },
      login: { username: login.username, password: Secret.of(login.password) },
    });
    return (await reader.ask("DESCRIBE", camera.id)).status;
  };
  const ways = async (): Promise<unknown> => ({
    snapshot: await get(`/v1/cameras/${camera.id}/snapshot`),
    cameras: await get("/v1/cameras"),
    health: await get("/v1/health"),
    live: await live(),
    events: await events(),
    rtsp: await rtsp(),
  });
  const shown = { snapshot: "shown", cameras: "shown", health: "shown", live: "shown", events: "shown", rtsp: 200 };
  expect(await ways()).toEqual(shown);

  using database = Database.open(join(data, "gatehouse.db"));
  // What SQLite answers on a full disk, without filling one.
  database.sql.exec(
    "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'database or disk is full'); END",
  );
  const denied = "audit-unwritable";
  // Looking live is written each time; from there on it is known that nothing can be written.
  expect(await live()).toBe(denied);
  expect(await ways()).toEqual({
    ...{ snapshot: denied, cameras: denied, health: denied, live: denied },
    ...{ events: "refused", rtsp: 503 },
  });
  // Its owner can still look what is the matter.
  expect((await owner.call("status", {}, never)).audit.intact).toBe(true);
  database.sql.exec("DROP TRIGGER full");
  expect(await ways()).toEqual(shown);
  const rows: AuditRow[] = await owner.call("listAudit", {}, never);
  expect(rows.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["snapshot", "listCameras", "health", "events", "live", "rtspRequest"]),
  );
}, 90_000);
