import { afterAll, beforeAll, expect, it } from "@jest/globals";
import {
  LiveMessage,
  type ApplicationCredential,
  type Camera,
  type GatewayHealth,
  type Status,
} from "@gatehouse/shared";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Simulator } from "../simulator/simulator.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { describeWith } from "../support/needs.ts";
import { have } from "../support/packages.ts";
import { askPromtool } from "../support/promtool.ts";
import { WebRtcReceiver } from "../support/webrtc-receiver.ts";

const run = promisify(execFile);

/**
 * A camera as people buy them (H.264 and AAC behind ONVIF), a real gateway, and every way out of it, asked for with one login that
 * was made on the command line. What comes through carries the camera's stamp.
 */
describeWith(["ffmpeg"], "every way out of a gateway", () => {
  let folder: string;
  let simulator: Simulator;
  let gateway: GatewayProcess;
  let camera: Camera;
  let application: ApplicationCredential;
  let client: ApplicationClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-ways-"));
    const config = { listen: { port: 0 }, rtsp: { port: 0 }, media: { prerollSeconds: 4 } };
    [simulator, gateway] = await Promise.all([
      Simulator.open({ audio: "aac" }),
      GatewayProcess.start({ data: join(folder, "gateway"), config }),
    ]);
    const add = ["camera", "add", simulator.onvifUrl, "--user", simulator.username, "--password-stdin", "--warm"];
    camera = (await gateway.command(add, simulator.password)) as Camera;
    const permissions = ["--camera", camera.id, "--clips", "--metrics"];
    application = (await gateway.command(["app", "add", "Everything", ...permissions])) as ApplicationCredential;
    client = await ApplicationClient.of(gateway, application);
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await simulator[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const json = async (path: string): Promise<unknown> => JSON.parse((await client.ask({ path })).body.toString());

  it("brings still pictures, the camera's own or its stream's", async () => {
    const { status, headers, body } = await client.ask({ path: `/v1/cameras/${camera.id}/snapshot?width=320` });
    expect([status, headers["content-type"], headers["x-camera"]]).toEqual([200, "image/jpeg", camera.id]);
    expect(Number(headers["x-captured-at"])).toBeGreaterThan(0);
    expect(body.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    const fresh = await client.ask({ path: `/v1/cameras/${camera.id}/snapshot?fresh=true` });
    expect(fresh.status).toBe(200);
    expect(Number(fresh.headers["x-captured-at"])).toBeGreaterThanOrEqual(Number(headers["x-captured-at"]));
  });

  it("plays over RTSPS in ffmpeg, picture and sound", async () => {
    const { url } = application.rtsp[0]!;
    const { username, password } = application;
    const address = url.replace("rtsps://", `rtsps://${username}:${password}@`);
    const args = ["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", address, "-t", "2", "-c", "copy"];
    const file = join(folder, "rtsp.mkv");
    await run("ffmpeg", [...args, file], { timeout: 30_000 });
    const probe = [
      "-v",
      "error",
      "-count_packets",
      "-show_entries",
      "stream=codec_name,nb_read_packets",
      "-of",
      "json",
    ];
    const { stdout } = await run("ffprobe", [...probe, file]);
    const { streams } = JSON.parse(stdout) as { streams: { codec_name: string; nb_read_packets: string }[] };
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(["h264", "aac"]);
    for (const { nb_read_packets } of streams) expect(Number(nb_read_packets)).toBeGreaterThan(25);
  });

  it("plays live in fragmented MP4 over a WebSocket", async () => {
    const socket = await client.watch(`/v1/cameras/${camera.id}/live?width=1280`);
    const messages: LiveMessage[] = [];
    const film: Buffer[] = [];
    socket.on("message", (data: Buffer, binary) => {
      if (binary) film.push(data);
      else messages.push(LiveMessage.parse(JSON.parse(data.toString())));
    });
    await eventually("two seconds of film", () => film.length > 50);
    socket.close();
    await once(socket, "close");
    expect(messages[0]).toMatchObject({ kind: "start", mime: expect.stringMatching(/avc1\..*mp4a\.40\.2/) });
    expect(Buffer.concat(film).includes(simulator.id)).toBe(true);
    const file = join(folder, "live.mp4");
    await writeFile(file, Buffer.concat(film));
    await run("ffmpeg", ["-v", "error", "-xerror", "-i", file, "-f", "null", "-"]);
  });

  it("plays over WebRTC, its sound made into Opus", async () => {
    await using receiver = await WebRtcReceiver.open({ loopback: true });
    const path = `/v1/cameras/${camera.id}/whep`;
    const { status, headers, body } = await client.ask({
      path,
      method: "POST",
      type: "application/sdp",
      body: receiver.offer,
    });
    expect([status, headers["content-type"]]).toEqual([201, "application/sdp"]);
    await receiver.accept(body.toString());
    const types = (): Set<number> => new Set(receiver.packets.map(({ payloadType }) => payloadType));
    await eventually("picture and sound", () => types().size === 2);
    await eventually("the camera's stamp", () =>
      receiver.packets.some(({ payload }) => payload.includes(simulator.id)),
    );
    const location = String(headers.location);
    expect((await client.ask({ path: location, method: "DELETE" })).status).toBe(200);
    expect((await client.ask({ path: location, method: "DELETE" })).status).toBe(404);
  });

  it("records a clip that begins before it was asked for", async () => {
    const askedAt = Date.now();
    const { status, headers, body } = await client.ask({ path: `/v1/cameras/${camera.id}/clip?before=2&after=1` });
    expect([status, headers["content-type"]]).toEqual([200, "video/mp4"]);
    expect(Number(headers["x-started-at"])).toBeLessThan(askedAt - 1_000);
    const file = join(folder, "clip.mp4");
    await writeFile(file, body);
    const probe = ["-v", "error", "-show_entries", "format=duration:stream=codec_name", "-of", "json", file];
    const { stdout } = await run("ffprobe", probe);
    const { format, streams } = JSON.parse(stdout) as { format: { duration: string }; streams: object[] };
    expect(Number(format.duration)).toBeGreaterThan(2.5);
    expect(streams).toEqual([{ codec_name: "h264" }, { codec_name: "aac" }]);
    await run("ffmpeg", ["-v", "error", "-xerror", "-i", file, "-f", "null", "-"]);
  });

  it("tells how the camera does, for people and for Prometheus", async () => {
    const health = (await json("/v1/health")) as GatewayHealth;
    expect(health.transcoder.available).toBe(true);
    const [own] = health.cameras;
    expect(own?.camera).toBe(camera.id);
    const main = own?.streams.find(({ tier, rendition }) => tier === "main" && rendition === "camera");
    expect(main).toMatchObject({ state: "live", audio: "aac", reconnects: 0, dropped: 0 });
    expect(main?.bitrateKbps).toBeGreaterThan(500);
    expect(main?.video).toMatchObject({ codec: "h264", bFrames: false });
    const { headers, body } = await client.ask({ path: "/metrics" });
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body.toString()).toMatch(
      new RegExp(`gatehouse_stream_bytes_per_second\\{[^}]*${camera.id}[^}]*\\} \\d{5,}`),
    );
  });

  (have("promtool") ? it : it.skip)("has figures that are written as Prometheus wants them", async () => {
    const { body } = await client.ask({ path: "/metrics" });
    expect(askPromtool(["check", "metrics"], body.toString())).toEqual({ status: 0, said: "", complaints: "" });
  });

  it("has one connection to each of the camera's streams for all of them", async () => {
    const { streams } = (await gateway.command(["status"])) as Status;
    expect(streams.map(({ connects }) => connects)).toEqual(streams.map(() => 1));
    expect(streams.every(({ camera: of }) => of === camera.id)).toBe(true);
  });

  it("lets nobody in once the login was revoked, and cuts what it plays", async () => {
    const socket = await client.watch(`/v1/cameras/${camera.id}/live`);
    const closed = once(socket, "close");
    await gateway.command(["client", "revoke", application.principal]);
    await closed;
    expect((await client.ask({ path: "/v1/health" })).status).toBe(401);
    const { url } = application.rtsp[0]!;
    const { username, password } = application;
    const address = url.replace("rtsps://", `rtsps://${username}:${password}@`);
    const refused = run("ffprobe", ["-v", "error", "-rtsp_transport", "tcp", address], { timeout: 30_000 });
    await expect(refused).rejects.toThrow();
  });
});
