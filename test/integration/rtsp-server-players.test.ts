import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { Secret, systemClock, type CameraId, type TierName } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { eventually } from "../support/eventually.ts";
import { playWithGst } from "../support/gst-player.ts";
import { GstRtspServer, type GstMount } from "../support/gst-rtsp-server.ts";
import { describeWith } from "../support/needs.ts";
import { RtspDoor, type ApplicationAccess } from "../support/rtsp-door.ts";

const mounts = ["main-aac", "high-pcmu", "main-pcma", "baseline-l16", "opus", "h265-aac"] as const satisfies GstMount[];
type Mount = (typeof mounts)[number];

/** One camera for each mount. */
const cameraOf = (mount: Mount): CameraId =>
  `cam-${String.fromCharCode(97 + mounts.indexOf(mount)).repeat(16)}` as CameraId;
const mountOf = (camera: CameraId): Mount => mounts.find((mount) => cameraOf(mount) === camera) ?? "main-aac";

interface Ran {
  readonly out: string;
  readonly complaints: string;
}

const run = async (program: string, args: readonly string[]): Promise<Ran> => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await exited) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}: ${complaints.slice(-2_000)}`);
  return { out, complaints };
};

type Way = readonly [scheme: "rtsp" | "rtsps", transport: "tcp" | "udp"];
const ways: readonly Way[] = [
  ["rtsps", "tcp"],
  ["rtsp", "tcp"],
  ["rtsp", "udp"],
];

describeWith(["gstreamer", "ffmpeg"], "players of the RTSP server", () => {
  let cameras: GstRtspServer;
  let door: RtspDoor;
  let login: ApplicationAccess;
  beforeAll(async () => {
    cameras = await GstRtspServer.open({ mounts });
    const endpoint = (camera: CameraId, tier: TierName): StreamEndpoint => ({
      camera,
      tier,
      url: cameras.url(mountOf(camera)),
      credentials: { username: cameras.username, password: Secret.of(cameras.password) },
      pin: null,
      auth: { floor: "none", raise: () => undefined },
    });
    door = await RtspDoor.open({
      openSource: createRtspSource({ clock: systemClock, log: new MemoryLogger() }),
      endpoint,
      tiers: Object.fromEntries(mounts.map((mount) => [cameraOf(mount), ["main"] as const])),
      plain: true,
    });
    login = await door.admit([{ action: "live", camera: "*" }]);
  }, 60_000);
  afterAll(async () => {
    await door[Symbol.asyncDispose]();
    await cameras[Symbol.asyncDispose]();
  });

  it.each<readonly [Mount, string, string]>([
    ["main-aac", "h264", "aac"],
    ["high-pcmu", "h264", "pcm_mulaw"],
    ["main-pcma", "h264", "pcm_alaw"],
    ["baseline-l16", "h264", "pcm_s16be"],
    ["opus", "h264", "opus"],
    ["h265-aac", "hevc", "aac"],
  ])("ffprobe knows the codecs of %s", async (mount, video, audio) => {
    const args = [
      "-v",
      "error",
      "-rtsp_transport",
      "tcp",
      "-show_entries",
      "stream=codec_name,width,height",
      "-of",
      "json",
    ];
    const { out } = await run("ffprobe", [...args, login.url(cameraOf(mount))]);
    const { streams } = JSON.parse(out) as { streams: { codec_name: string; width?: number }[] };
    expect(streams.map(({ codec_name }) => codec_name)).toEqual([video, audio]);
    expect(streams[0]?.width).toBeGreaterThan(0);
  });

  it.each(
    ways.flatMap(([scheme, transport]) =>
      (["main-aac", "h265-aac"] as const).map((mount) => [scheme, transport, mount] as const),
    ),
  )(
    "ffmpeg decodes %s over %s: %s, without a complaint",
    async (scheme, transport, mount) => {
      // What a player that is not given the processor has not read yet, the kernel keeps for it.
      const patient = transport === "udp" ? ["-buffer_size", "4000000"] : [];
      const input = ["-rtsp_transport", transport, ...patient, "-i", login.url(cameraOf(mount), scheme)];
      const { out, complaints } = await run("ffmpeg", [
        ...["-v", "warning", "-copyts", ...input, "-t", "3"],
        ...["-map", "0:v", "-f", "framehash", "-hash", "sha256", "-"],
      ]);
      const pictures = out.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      expect(pictures.length).toBeGreaterThan(60);
      // A stored picture is played faster, so only what would be damage counts.
      expect(complaints).not.toMatch(/error|missed|corrupt|conceal|bad cseq|DTS|Invalid/i);
    },
    90_000,
  );

  it.each(ways)(
    "GStreamer plays %s over %s",
    async (scheme, transport) => {
      const url = new URL(login.url(cameraOf("main-aac"), scheme));
      const source = [
        `rtspsrc name=source location=${scheme}://${url.host}${url.pathname}`,
        `user-id=${login.username} user-pw=${login.password.reveal()}`,
        // GStreamer cannot pin a key, and knows no authority for it.
        `protocols=${transport} latency=100 tls-validation-flags=0 teardown-timeout=10000000000`,
      ].join(" ");
      const picture = "application/x-rtp,media=video ! rtph264depay ! h264parse ! avdec_h264 ! identity eos-after=60";
      const sound = "application/x-rtp,media=audio ! identity eos-after=60 ! fakesink async=false";
      const out = await playWithGst(
        `${source} source. ! ${picture} ! checksumsink hash=sha256 sync=false source. ! ${sound}`,
      );
      expect(out.split("\n").filter((line) => /[\da-f]{64}/.test(line)).length).toBeGreaterThanOrEqual(55);
      // The server closed nothing before it was told to.
      const [end] = door.log.lines.filter(({ message }) => message === "RTSP session ends").slice(-1);
      expect(end?.fields).toMatchObject({ principal: login.principal.id, why: "the reader ended it" });
    },
    90_000,
  );

  it("the sound that comes out is the sound that went in", async () => {
    const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", login.url(cameraOf("high-pcmu")), "-t", "2"];
    const { out } = await run("ffmpeg", [
      ...args,
      "-map",
      "0:a",
      "-c",
      "copy",
      "-f",
      "framehash",
      "-hash",
      "sha256",
      "-",
    ]);
    const frames = out.split("\n").flatMap((line) => /^\d+,(?:\s*\d+,){4}\s*([\da-f]{64})/.exec(line)?.[1] ?? []);
    const sent = new Set(cameras.sound("pcmu"));
    expect(frames.length).toBeGreaterThan(40);
    expect(frames.filter((frame) => !sent.has(frame))).toEqual([]);
  });

  it("a wrong password plays nothing", async () => {
    const wrong = login.url(cameraOf("main-aac")).replace(login.password.reveal(), createHash("sha256").digest("hex"));
    await expect(run("ffprobe", ["-v", "error", "-rtsp_transport", "tcp", wrong])).rejects.toThrow("401 Unauthorized");
  });

  it("a player is cut off the moment its login is revoked", async () => {
    const other = await door.admit([{ action: "live", camera: "*" }]);
    const args = [
      "-v",
      "error",
      "-rtsp_transport",
      "tcp",
      "-i",
      other.url(cameraOf("main-aac")),
      "-c",
      "copy",
      "-f",
      "null",
      "-",
    ];
    const player = spawn("ffmpeg", [...args, "-progress", "pipe:1"], { stdio: ["ignore", "pipe", "ignore"] });
    const exited = once(player, "exit");
    let told = "";
    // Read to its end: ffmpeg goes when nobody listens to it.
    player.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
    await eventually("pictures", () => /frame=[1-9]/.test(told));
    const before = door.server.sessions();
    door.principals.revoke(other.principal.id);
    expect(door.server.sessions()).toBe(before - 1);
    await exited;
  });
});
