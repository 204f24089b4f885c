import { expect, it } from "@jest/globals";
import { CameraId, Secret, systemClock } from "@gatehouse/shared";
import { makeCertificate, MemoryLogger } from "@gatehouse/shared/testing";

import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import type { TalkBack } from "../../gateway-bridge/src/ports.ts";
import { createTalkBack } from "../../gateway-bridge/src/sources/rtsp-talk-back.ts";
import { createTalkProbe } from "../../gateway-bridge/src/sources/rtsp-talk-probe.ts";
import { GstRtspServer, type GstMount, type GstServerOptions } from "../support/gst-rtsp-server.ts";
import { describeWith } from "../support/needs.ts";

const never = new AbortController().signal;
const own = makeCertificate();

const endpointOf = (server: GstRtspServer, mount: GstMount, pin: string | null): StreamEndpoint => ({
  camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
  tier: "main",
  url: server.url(mount),
  credentials: { username: server.username, password: Secret.of(server.password) },
  pin,
  auth: { floor: "none", raise: () => undefined },
});

const open = (server: GstRtspServer, mount: GstMount, pin: string | null): Promise<TalkBack> =>
  createTalkBack({ clock: systemClock, log: new MemoryLogger() })(endpointOf(server, mount, pin), { signal: never });

/** Twenty milliseconds of every value, so that nothing can be swapped, cut or repeated unseen. */
const speech = (bytes: number): readonly Buffer[] =>
  Array.from({ length: 40 }, (_, piece) =>
    Buffer.from(Array.from({ length: bytes }, (__, at) => (piece * 7 + at) & 0xff)),
  );

interface Case {
  readonly title: string;
  readonly mount: GstMount;
  readonly options: Omit<GstServerOptions, "mounts">;
  readonly track: unknown;
  readonly bytes: number;
}

const pcmu = { codec: "pcmu", clockRate: 8_000, channels: 1 };
const cases: readonly Case[] = [
  { title: "PCMU over TCP", mount: "talk-pcmu", options: {}, track: pcmu, bytes: 160 },
  {
    title: "PCMA by UDP",
    mount: "talk-pcma",
    options: { transport: "udp" },
    track: { ...pcmu, codec: "pcma" },
    bytes: 160,
  },
  {
    title: "L16 over TCP",
    mount: "talk-l16",
    options: {},
    track: { codec: "l16", clockRate: 16_000, channels: 1 },
    bytes: 640,
  },
  { title: "PCMU inside TLS", mount: "talk-pcmu", options: { tls: own }, track: pcmu, bytes: 160 },
  { title: "PCMU as SRTP inside TLS", mount: "talk-pcmu", options: { tls: own, srtp: true }, track: pcmu, bytes: 160 },
];

describeWith(["gstreamer"], "the loudspeaker of a camera made of GStreamer", () => {
  it.each(cases)("plays what is said, by $title", async ({ mount, options, track, bytes }) => {
    await using server = await GstRtspServer.open({ ...options, mounts: [mount] });
    const talk = await open(server, mount, options.tls === undefined ? null : own.pin);
    expect(talk.track).toMatchObject({ kind: "audio", ...(track as object) });
    const pieces = speech(bytes);
    const samples = talk.track.codec === "l16" ? bytes / 2 : bytes;
    const say = async (index: number, piece: Buffer): Promise<void> => {
      talk.write(piece, index * samples);
      // In real time, as people talk: GStreamer 1.22 leaves lying what comes in a burst inside TLS.
      await systemClock.delay(20, { signal: never });
    };
    for (const [index, piece] of pieces.entries()) await say(index, piece);
    // Where it was busy meanwhile, all of it came in a burst to GStreamer: each packet more has it take up one that lies there.
    const pause = Buffer.alloc(bytes, 0x55);
    for (let index = pieces.length; server.heard(mount).length < pieces.length; index += 1) await say(index, pause);
    expect(Buffer.concat(server.heard(mount).slice(0, pieces.length))).toEqual(Buffer.concat(pieces));
    expect(talk.ended.aborted).toBe(false);
    await talk[Symbol.asyncDispose]();
    // Never throws, whenever it is called.
    talk.write(Buffer.alloc(bytes), 0);
    expect(talk.ended.aborted).toBe(true);
  });

  it("is not there where the camera has none", async () => {
    await using server = await GstRtspServer.open({ mounts: ["main"] });
    await expect(open(server, "main", null)).rejects.toMatchObject({ code: "talk-unsupported" });
  });

  it.each<[string, Omit<GstServerOptions, "mounts">]>([
    ["in the clear", {}],
    ["inside TLS", { tls: own }],
    ["inside TLS, where it wants SRTP", { tls: own, srtp: true }],
  ])("is found by asking for it, %s", async (_, options) => {
    await using server = await GstRtspServer.open({ ...options, mounts: ["main", "talk-pcmu", "talk-l16"] });
    const log = new MemoryLogger();
    const probe = createTalkProbe({ clock: systemClock, log });
    const pin = options.tls === undefined ? null : own.pin;
    const found = (["main", "talk-pcmu", "talk-l16"] as const).map((mount) =>
      probe(endpointOf(server, mount, pin), { signal: never }),
    );
    expect(await Promise.all(found)).toEqual([false, true, true]);
    expect(log.lines).toEqual([]);
  });
});
