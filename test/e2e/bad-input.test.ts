import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  GatewayClient,
  pair,
  silentLogger,
  systemClock,
  type Camera,
  type PairingOffer,
  type Principal,
} from "@gatehouse/shared";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { freePort } from "../support/free-port.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";
import { ScriptedRtsp } from "../support/scripted-rtsp.ts";

// Each step is a process of its own.
jest.setTimeout(120_000);

let folder: string;
let gateway: GatewayProcess;
let simulator: Simulator;
const never = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-bad-input-"));
  [gateway, simulator] = await Promise.all([
    GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } }),
    Simulator.open(),
  ]);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a command that must fail says. */
const refused = async (args: readonly string[], input = ""): Promise<Told> => {
  const { code, stdout } = await gatehouse(gateway.data, [...args, "--json"], input);
  expect(code).toBe(1);
  const { error } = JSON.parse(stdout) as { error: Told };
  expect(error.message).not.toBe("");
  expect(error.remedy).not.toBe("");
  return error;
};

/** Everything that bad input must leave as it was. */
const state = async (): Promise<unknown> => ({
  cameras: ((await gateway.command(["camera", "list"])) as Camera[]).map(({ id }) => id),
  clients: ((await gateway.command(["client", "list"])) as Principal[]).map(({ id, revoked }) => [id, revoked]),
});

const addCamera = (address: string, password = "whatever") =>
  refused(["camera", "add", address, "--user", "viewer", "--password-stdin"], password);

const pairingString = async (kind = "homebridge"): Promise<string> =>
  ((await gateway.command(["pair", "--for", kind])) as PairingOffer).pairingString;

describe("a camera that cannot be added", () => {
  it("a wrong password is told, and tried once", async () => {
    const [before, failures] = [await state(), simulator.counts.authFailures];
    const error = await addCamera(simulator.onvifUrl, "wrong");
    expect(error).toMatchObject({ code: "camera-credentials" });
    expect(error.message + JSON.stringify(error.details)).not.toContain("wrong");
    expect(simulator.counts.authFailures - failures).toBe(1);
    expect(await state()).toEqual(before);
  });

  it("a wrong password of a plain RTSP camera is told, and tried once", async () => {
    const [before, failures] = [await state(), simulator.counts.authFailures];
    expect(await addCamera(simulator.rtspUrl, "wrong")).toMatchObject({ code: "camera-credentials" });
    expect(simulator.counts.authFailures - failures).toBe(1);
    expect(await state()).toEqual(before);
  });

  it("an unreachable host is told", async () => {
    const before = await state();
    expect(await addCamera(`127.0.0.1:${await freePort()}`)).toMatchObject({ code: "camera-unreachable" });
    expect(await addCamera(`rtsp://127.0.0.1:${await freePort()}/live`)).toMatchObject({ code: "camera-unreachable" });
    expect(await state()).toEqual(before);
  });

  it("credentials inside the address are refused and not repeated", async () => {
    const before = await state();
    const error = await addCamera("rtsp://viewer:hunter2@127.0.0.1/live");
    expect(error.code).toBe("request-invalid");
    expect(JSON.stringify(error)).not.toContain("hunter2");
    expect(await state()).toEqual(before);
  });

  const hostile: readonly (readonly [string, string, string])[] = [
    ["a truncated SDP", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nm=vid", "camera-"],
    ["an SDP without video", "v=0\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\n", "camera-no-video"],
    [
      "an SDP of VP8 only",
      "v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=control:v\r\n",
      "camera-no-video",
    ],
    ["an SDP over the limit", `v=0\r\n${"a=x:y\r\n".repeat(200_000)}`, "camera-answer-too-large"],
    ["no SDP at all", "\u0000\u0001\u0002".repeat(1_000), "camera-"],
  ];
  it.each(hostile)("%s is told", async (_title, body, code) => {
    const before = await state();
    await using server = await ScriptedRtsp.open({ body });
    expect((await addCamera(server.url)).code).toContain(code);
    expect(await state()).toEqual(before);
  });

  it("an address that brings a page, or pictures without end, in place of one picture is told", async () => {
    const before = await state();
    const types = ["text/html", "multipart/x-mixed-replace; boundary=b"];
    for (const type of types) {
      const server = createServer((_, response) => {
        response.writeHead(200, { "content-type": type }).write("<html>");
        if (type === "text/html") response.end();
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/snapshot.jpg`;
      expect(await addCamera(address)).toMatchObject({ code: "camera-answer-malformed" });
      server.closeAllConnections();
      server.close();
    }
    expect(await state()).toEqual(before);
  });

  it("a stream that would come from a foreign host is refused, and no login goes there", async () => {
    const before = await state();
    await using hijacked = await Simulator.open({ streamHost: "203.0.113.9" });
    const error = await addCamera(hijacked.onvifUrl, hijacked.password);
    expect(error).toMatchObject({ code: "camera-foreign-host" });
    expect(error.message).toContain("203.0.113.9");
    expect(await state()).toEqual(before);
  });

  it("a foreign host inside an SDP is not talked to", async () => {
    await using elsewhere = await ScriptedRtsp.open({ body: "" });
    const control = elsewhere.url.replace("127.0.0.1", "localhost");
    const body = `v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${control}\r\n`;
    await using server = await ScriptedRtsp.open({ headers: [`Content-Base: ${control}/`], body });
    const { stdout } = await gatehouse(gateway.data, ["camera", "add", server.url, "--json"]);
    expect(elsewhere.received).toEqual([]);
    expect(server.received.join("")).toContain("SETUP rtsp://127.0.0.1:");
    const { id } = JSON.parse(stdout) as Partial<Camera>;
    if (id !== undefined) await gateway.command(["camera", "remove", id]);
  });
});

describe("a client that cannot get in", () => {
  const cancel = { signal: never };

  it("a pairing string works once", async () => {
    const offered = await pairingString();
    await pair({ pairingString: offered, kind: "homebridge", clock: systemClock }, cancel);
    const before = await state();
    await expect(
      pair({ pairingString: offered, kind: "homebridge", clock: systemClock }, cancel),
    ).rejects.toMatchObject({
      code: "pairing-invalid",
      remedy: expect.stringContaining("gatehouse pair"),
    });
    expect(await state()).toEqual(before);
  });

  it("a wrong secret, and a string for another kind of client, are refused with the same words", async () => {
    const offered = await pairingString("node-red");
    const before = await state();
    const wrong = `${offered.slice(0, -22)}${"A".repeat(22)}`;
    const words: unknown[] = [];
    for (const [given, kind] of [
      [wrong, "node-red"],
      [offered, "homebridge"],
    ] as const) {
      await pair({ pairingString: given, kind, clock: systemClock }, cancel).catch((error: unknown) =>
        words.push((error as Error).message),
      );
    }
    expect(words).toHaveLength(2);
    expect(words[0]).toEqual(words[1]);
    expect(await state()).toEqual(before);
  });

  it.each(["", "gh1", "gh2.a.b.c", "gh1.%%.AAAA.BBBB"])("the malformed pairing string %j is told", async (given) => {
    await expect(pair({ pairingString: given, kind: "homebridge", clock: systemClock }, cancel)).rejects.toMatchObject({
      code: "pairing-string-malformed",
    });
  });

  it("an impostor in the gateway's place is told, and receives nothing but a handshake", async () => {
    const offered = await pairingString();
    const identity = await pair({ pairingString: offered, kind: "homebridge", clock: systemClock }, cancel);
    await using impostor = await GatewayProcess.start({
      data: join(folder, "impostor"),
      config: { listen: { port: 0 } },
    });
    await using client = new GatewayClient({
      identity: { ...identity, address: impostor.address },
      clock: systemClock,
      log: silentLogger,
      random: () => 0.5,
    });
    await expect(client.call("listCameras", {}, cancel)).rejects.toMatchObject({
      code: "gateway-impostor",
      retry: "never",
    });
    const rows = JSON.stringify(await impostor.command(["audit"]));
    expect(rows).not.toContain(identity.principal);
  });

  it("a revoked plugin is shut out at once", async () => {
    const identity = await pair(
      { pairingString: await pairingString(), kind: "homebridge", clock: systemClock },
      cancel,
    );
    await using client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0.5 });
    await client.call("listCameras", {}, cancel);
    const waiting = Promise.withResolvers<unknown>();
    const connected = Promise.withResolvers<unknown>();
    client.watch({
      state: (state) => {
        if (state.kind === "connected") connected.resolve(state);
        if (state.kind === "waiting") waiting.resolve(state.error);
      },
    });
    await connected.promise;
    await gateway.command(["client", "revoke", identity.principal]);
    await waiting.promise;
    await expect(client.call("listCameras", {}, cancel)).rejects.toMatchObject({
      code: "unauthenticated",
      remedy: expect.stringContaining("gatehouse pair"),
    });
  });
});

describe("a gateway that cannot start", () => {
  it("an unknown configuration key is named", async () => {
    const data = join(folder, "typo");
    await mkdir(data, { mode: 0o700 });
    await writeFile(join(data, "config.json"), JSON.stringify({ listen: { prot: 1 } }));
    const { code, stdout } = await gatehouse(data, ["up", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: {
        code: "config-invalid",
        message: expect.stringContaining("did you mean `port`?"),
        remedy: expect.any(String),
      },
    });
  });

  it("a second gateway on the same folder is told, and the first goes on", async () => {
    const { code, stdout } = await gatehouse(gateway.data, ["up", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "gateway-running" } });
    await gateway.command(["status"]);
  });

  it("a port in use is told", async () => {
    await using server = await new Promise<ReturnType<typeof createTcpServer>>((resolve) => {
      const listening = createTcpServer().listen(0, "127.0.0.1", () => resolve(listening));
    });
    const data = join(folder, "port");
    await mkdir(data, { mode: 0o700 });
    const { port } = server.address() as { port: number };
    await writeFile(join(data, "config.json"), JSON.stringify({ listen: { port } }));
    const { code, stdout } = await gatehouse(data, ["up", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "address-in-use" } });
  });
});
