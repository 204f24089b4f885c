import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Secret, systemClock } from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";

import type { RtspSink } from "../../gateway-bridge/src/protocols/rtsp/media-channels.ts";
import { RtspClient, type MediaQuality } from "../../gateway-bridge/src/protocols/rtsp/rtsp-client.ts";
import type { TransportPreference } from "../../gateway-bridge/src/protocols/rtsp/transport-policy.ts";
import type { RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import {
  GstRtspServer,
  type ClipHashes,
  type GstMount,
  type GstServerOptions,
  type GstSound,
} from "../support/gst-rtsp-server.ts";
import { describeWith } from "../support/needs.ts";

const never = new AbortController().signal;
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

type Coding = "h264" | "h265";

/** Puts slices together, RFC 6184 5 and RFC 7798 4.4, without a line of what the gateway does it with. */
const slicesOf = (coding: Coding, packets: readonly RtpPacket[]): readonly string[] => {
  const headBytes = coding === "h264" ? 1 : 2;
  const typeOf = (first: number): number => (coding === "h264" ? first & 31 : (first >> 1) & 63);
  const isSlice = (type: number): boolean => (coding === "h264" ? type >= 1 && type <= 5 : type < 32);
  const [fragment, pictures]: [Buffer[], string[]] = [[], []];
  for (const { payload } of packets) {
    const type = typeOf(payload.readUInt8(0));
    if (isSlice(type)) pictures.push(sha256(payload));
    if (type !== (coding === "h264" ? 28 : 49)) continue;
    const header = payload.readUInt8(headBytes);
    const of = header & (coding === "h264" ? 31 : 63);
    const first = payload.readUInt8(0);
    const whole = coding === "h264" ? [(first & 0xe0) | of] : [(first & 0x81) | (of << 1), payload.readUInt8(1)];
    if ((header & 0x80) !== 0) fragment.splice(0, Infinity, Buffer.from(whole));
    fragment.push(payload.subarray(headBytes + 1));
    if ((header & 0x40) !== 0 && isSlice(of)) pictures.push(sha256(Buffer.concat(fragment)));
  }
  return pictures;
};

/** AAC has four bytes of header before its one frame. RFC 3640 3.3.6 */
const framesOf = (sound: GstSound, packets: readonly RtpPacket[]): readonly string[] =>
  packets.map(({ payload }) => sha256(sound === "aac" ? payload.subarray(4) : payload));

interface Take {
  readonly packets: readonly (readonly RtpPacket[])[];
  readonly quality: MediaQuality;
  readonly damaged: number;
}

interface Reading {
  readonly server: GstRtspServer;
  readonly mount: GstMount;
  readonly pin: string | null;
  readonly transport: TransportPreference;
}

/** Sets every section up, and plays until each has brought packets enough. */
const read = async ({ server, mount, pin, transport }: Reading, pictures = 60): Promise<Take> => {
  const credentials = { username: server.username, password: Secret.of(server.password) };
  const memory = { floor: "none", raise: () => undefined } as const;
  await using client = await RtspClient.open(
    { url: server.url(mount), credentials, pin, memory, clock: systemClock, transport },
    { signal: never },
  );
  const packets: RtpPacket[][] = [];
  for (const media of client.description.media) {
    packets[await client.setup({ ...media, clockRate: media.formats[0]?.clockRate ?? 0 }, { signal: never })] = [];
  }
  const done = new AbortController();
  let damaged = 0;
  const sink: RtspSink = {
    packet: (track, packet) => {
      packets[track]?.push(packet.keep());
      const [video = [], sound] = packets;
      const whole = video.filter(({ marker }) => marker).length;
      if (whole > pictures && (sound === undefined || sound.length > 30)) done.abort(new Error("enough"));
    },
    damaged: () => (damaged += 1),
  };
  await expect(client.play(sink, { signal: done.signal })).rejects.toThrow("enough");
  return { packets, quality: client.quality, damaged };
};

const mounts = ["main-aac", "high-pcmu", "baseline-pcma", "h265-l16", "opus", "h265-aac"] as const;

const partsOf = (mount: (typeof mounts)[number]): { video: "main" | "high" | "baseline" | "h265"; sound: GstSound } => {
  if (mount === "opus") return { video: "main", sound: "opus" };
  const [video, sound] = mount.split("-") as ["main" | "high" | "baseline" | "h265", GstSound];
  return { video, sound };
};

/** Both from their beginning, in a loop. */
const expectWhole = (server: GstRtspServer, mount: (typeof mounts)[number], take: Take | undefined): void => {
  if (take === undefined) throw new Error(`${mount} was not read`);
  const { video, sound } = partsOf(mount);
  const [pictures = [], sounds = []] = take.packets;
  const clip: ClipHashes = server.clip(video);
  const slices = slicesOf(video === "h265" ? "h265" : "h264", pictures);
  const sent = clip.flat();
  expect(slices.length).toBeGreaterThan(50);
  expect(slices).toEqual(slices.map((_, index) => sent[index % sent.length]));
  const tones = server.sound(sound);
  const frames = framesOf(sound, sounds);
  // What the last packet begins may be cut; G.711 and L16 come in packets of one frame, as AAC and Opus do.
  expect(frames.length).toBeGreaterThan(20);
  expect(frames).toEqual(frames.map((_, index) => tones[index % tones.length]));
  expect(take.damaged).toBe(0);
  expect(take.quality.lost).toBe(0);
  expect(take.quality.packets).toBeGreaterThanOrEqual(pictures.length + sounds.length);
};

const own = makeCertificate();

interface Case {
  readonly title: string;
  readonly options: Omit<GstServerOptions, "mounts">;
  readonly transport: TransportPreference;
  readonly travels: MediaQuality["transport"];
}

const cases: readonly Case[] = [
  { title: "TCP", options: {}, transport: "auto", travels: "tcp" },
  { title: "UDP, where TCP is refused", options: { transport: "udp" }, transport: "auto", travels: "udp" },
  { title: "UDP, where that is wanted", options: {}, transport: "udp", travels: "udp" },
  { title: "TLS", options: { tls: own }, transport: "auto", travels: "tls" },
  { title: "TLS, though UDP is wanted", options: { tls: own }, transport: "udp", travels: "tls" },
  { title: "SRTP inside TLS", options: { tls: own, srtp: true }, transport: "auto", travels: "tls+srtp" },
  {
    title: "SRTP by UDP beside TLS",
    options: { tls: own, srtp: true, transport: "udp" },
    transport: "auto",
    travels: "tls+srtp",
  },
];

describeWith(["gstreamer"], "a camera made of GStreamer, by", () => {
  describe.each(cases)("$title", ({ options, transport, travels }) => {
    let server: GstRtspServer;
    const pin = options.tls === undefined ? null : own.pin;
    beforeAll(async () => {
      server = await GstRtspServer.open({ ...options, mounts });
    }, 60_000);
    afterAll(() => server[Symbol.asyncDispose]());

    it("gives every byte of every codec, and loses none", async () => {
      const takes = await Promise.all(mounts.map((mount) => read({ server, mount, pin, transport })));
      for (const [index, mount] of mounts.entries()) expectWhole(server, mount, takes[index]);
      expect(new Set(takes.map(({ quality }) => quality.transport))).toEqual(new Set([travels]));
    }, 60_000);
  });

  it("is not let send in the clear beside TLS", async () => {
    await using server = await GstRtspServer.open({ tls: own, transport: "udp", mounts: ["main"] });
    const reading = read({ server, mount: "main", pin: own.pin, transport: "auto" });
    await expect(reading).rejects.toMatchObject({ code: "camera-fault", details: { status: 461 } });
  });

  it("is not asked for keys in the clear", async () => {
    await using server = await GstRtspServer.open({ srtp: true, mounts: ["main"] });
    const reading = read({ server, mount: "main", pin: null, transport: "auto" });
    await expect(reading).rejects.toMatchObject({
      code: "camera-fault",
      message: "the camera encrypts its stream, but would send the key for it in the clear",
    });
  });
});
