import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import type { RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { buildBye, buildSenderReport, parseRtcp } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import type { RtspSink } from "../../gateway-bridge/src/protocols/rtsp/media-channels.ts";
import { RtspClient, type RtspClientOptions } from "../../gateway-bridge/src/protocols/rtsp/rtsp-client.ts";
import { eventually } from "../support/eventually.ts";
import { rtp, ScriptedCamera, type Reply, type ScriptedCameraOptions } from "../support/scripted-camera.ts";
import { UdpMedia } from "../support/udp-media.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const video = { control: "trackID=0", clockRate: 90_000 };
const audio = { control: "trackID=1", clockRate: 48_000 };

class Recorder implements RtspSink {
  readonly packets: RtpPacket[] = [];
  damage = 0;

  packet(_track: number, packet: RtpPacket): void {
    this.packets.push(packet);
  }

  damaged(): void {
    this.damage += 1;
  }

  get sequences(): readonly number[] {
    return this.packets.map(({ sequence }) => sequence);
  }
}

/** A camera that sends by UDP, and a client of it. */
class Room extends AsyncDisposableStack {
  readonly clock = new TestClock();
  readonly sink = new Recorder();

  async media(address?: string): Promise<UdpMedia> {
    return this.use(await UdpMedia.open(address));
  }

  async client(
    options: ScriptedCameraOptions,
    more: Partial<RtspClientOptions> = {},
  ): Promise<{ camera: ScriptedCamera; client: RtspClient }> {
    const camera = this.use(await ScriptedCamera.open(options));
    const memory = { floor: "none", raise: () => undefined } as const;
    const common = { url: camera.url, credentials: undefined, pin: null, memory, clock: this.clock };
    const client = this.use(await RtspClient.open({ ...common, ...more }, { signal: never }));
    this.defer(() => camera.hangUp());
    return { camera, client };
  }

  async play(client: RtspClient, camera: ScriptedCamera): Promise<Promise<unknown>> {
    const ended = client.play(this.sink, { signal: never }).catch((error: unknown) => error);
    await eventually("PLAY and its timers", () => camera.methods.includes("PLAY") && this.clock.pending === 2);
    return ended;
  }

  /** One track that plays by UDP. */
  async playing(): Promise<{ media: UdpMedia; camera: ScriptedCamera; client: RtspClient; ended: Promise<unknown> }> {
    const media = await this.media();
    const { camera, client } = await this.client({ replies: { SETUP: media.setup } });
    await client.setup(video, { signal: never });
    const ended = client.play(this.sink, { signal: never }).catch((error: unknown) => error);
    await eventually("PLAY and its timers", () => camera.methods.includes("PLAY") && this.clock.pending === 2);
    return { media, camera, client, ended };
  }
}

const packet = (sequence: number, payload = Buffer.from("x")): Buffer => rtp({ sequence, ssrc: 7 }, payload);

describe("a camera that refuses TCP", () => {
  it("is asked for UDP, at an even port and the odd one above it, and for that alone with the next track", async () => {
    await using room = new Room();
    const [first, second] = [await room.media(), await room.media()];
    const SETUP: Reply = (request) => (request.uri.endsWith("0") ? first : second).setup(request);
    const { camera, client } = await room.client({ replies: { SETUP } });
    expect(await client.setup(video, { signal: never })).toBe(0);
    expect(await client.setup(audio, { signal: never })).toBe(1);
    const asked = camera.requests
      .filter(({ method }) => method === "SETUP")
      .map(({ headers }) => headers.get("transport"));
    expect(asked).toEqual([
      "RTP/AVP/TCP;unicast;interleaved=0-1",
      `RTP/AVP;unicast;client_port=${first.port}-${(first.port ?? 0) + 1}`,
      `RTP/AVP;unicast;client_port=${second.port}-${(second.port ?? 0) + 1}`,
    ]);
    expect([(first.port ?? 1) % 2, (second.port ?? 1) % 2]).toEqual([0, 0]);
    expect(first.port).not.toBe(second.port);
    expect(client.quality).toEqual({ packets: 0, lost: 0, jitterMs: 0, transport: "udp" });
  });

  it("is asked for UDP too where it agrees to TCP and then tells of UDP", async () => {
    await using room = new Room();
    const media = await room.media();
    const SETUP: Reply = (request) =>
      media.accept(request) ?? { headers: ["Transport: RTP/AVP;unicast;server_port=1-2", "Session: 1"] };
    const { camera, client } = await room.client({ replies: { SETUP } });
    await client.setup(video, { signal: never });
    expect(camera.methods.filter((method) => method === "SETUP")).toHaveLength(2);
    expect(client.quality.transport).toBe("udp");
  });

  it("and UDP is told apart by its own words", async () => {
    await using room = new Room();
    const { camera, client } = await room.client({
      replies: { SETUP: () => ({ status: "461 No Transport Of Mine" }) },
    });
    await expect(client.setup(video, { signal: never })).rejects.toMatchObject({
      code: "camera-fault",
      message: "the camera answered SETUP with 461 No Transport Of Mine",
    });
    expect(camera.methods.filter((method) => method === "SETUP")).toHaveLength(2);
  });

  it("and answers UDP with a channel is not believed", async () => {
    await using room = new Room();
    const SETUP: Reply = () => ({ headers: ["Transport: RTP/AVP/TCP;interleaved=0-1"] });
    const { client } = await room.client({ replies: { SETUP } }, { transport: "udp" });
    await expect(client.setup(video, { signal: never })).rejects.toEqual(code("camera-fault"));
  });

  it("is asked for nothing else where TCP is wanted", async () => {
    await using room = new Room();
    const media = await room.media();
    const { camera, client } = await room.client({ replies: { SETUP: media.setup } }, { transport: "tcp" });
    await expect(client.setup(video, { signal: never })).rejects.toEqual(code("camera-fault"));
    expect(camera.methods.filter((method) => method === "SETUP")).toHaveLength(1);
  });

  it("fails for another reason only once", async () => {
    await using room = new Room();
    const { camera, client } = await room.client({ replies: { SETUP: () => ({ status: "454 Session Not Found" }) } });
    await expect(client.setup(video, { signal: never })).rejects.toMatchObject({ details: { status: 454 } });
    expect(camera.methods.filter((method) => method === "SETUP")).toHaveLength(1);
  });
});

describe("media by UDP", () => {
  it("is let through firewalls by a first packet on either port", async () => {
    await using room = new Room();
    const { media } = await room.playing();
    await eventually("the first packets", () => media.packets.length > 0 && media.control.length > 0);
    expect(media.packets[0]).toHaveLength(12);
    expect(parseRtcp(media.control[0] ?? Buffer.alloc(0))).toMatchObject([{ kind: "receiver-report", reports: [] }]);
  });

  it("comes in order, once each, and counts what is lost", async () => {
    await using room = new Room();
    const { media, client } = await room.playing();
    await media.send(packet(65_534), packet(65_535), packet(1), packet(0), packet(0), packet(2), packet(4));
    // With the last one, which has to wait: time may not move before it does.
    await eventually("all of them", () => client.quality.packets === 7 && room.sink.packets.length === 5);
    expect(room.sink.sequences).toEqual([65_534, 65_535, 0, 1, 2]);
    await room.clock.advance(51);
    await media.send(packet(5));
    await eventually("what had to wait", () => room.sink.packets.length === 7);
    expect(room.sink.sequences.slice(5)).toEqual([4, 5]);
    // A doubled packet counts as received: RFC 3550 A.3. The next loss is seen.
    expect(client.quality).toMatchObject({ packets: 8, lost: 0 });
    await media.send(packet(8));
    await eventually("the loss", () => client.quality.lost === 2);
  });

  it("may be ten thousand bytes long, and more", async () => {
    await using room = new Room();
    const { media } = await room.playing();
    const payloads = [10_000, 60_000].map((size) => Buffer.alloc(size, size & 0xff));
    await media.send(...payloads.map((payload, index) => packet(index, payload)));
    await eventually("both", () => room.sink.packets.length === 2);
    expect(room.sink.packets.map(({ payload }) => payload)).toEqual(payloads);
  });

  it("is taken from the camera's address only, whatever a stranger sends", async () => {
    await using room = new Room();
    const { media, client, ended } = await room.playing();
    // Another address of this machine: to the client as strange as any other.
    const stranger = await room.media("127.0.0.2");
    stranger.port = media.port;
    await media.send(packet(1));
    for (let round = 0; round < 200; round += 1) {
      await stranger.send(packet(round + 2), Buffer.from("garbage"));
      await stranger.sendControl(buildBye({ ssrc: 7, cname: "stranger" }));
    }
    await media.send(packet(2));
    await eventually("the camera's own", () => room.sink.packets.length === 2);
    expect(room.sink.sequences).toEqual([1, 2]);
    expect(room.sink.damage).toBe(0);
    expect(client.quality).toMatchObject({ packets: 2, lost: 0 });
    let over = false;
    void ended.then(() => (over = true));
    await new Promise(setImmediate);
    expect(over).toBe(false);
  });

  it("is damaged where it is garbage of the camera's own", async () => {
    await using room = new Room();
    const { media } = await room.playing();
    await media.send(packet(1), Buffer.from("garbage"), Buffer.alloc(0), packet(2));
    await eventually("both", () => room.sink.packets.length === 2);
    expect(room.sink.damage).toBe(2);
  });

  it("is reported on by UDP, every five seconds", async () => {
    await using room = new Room();
    const { media, camera, client } = await room.playing();
    await media.sendControl(
      buildSenderReport({
        ssrc: 7,
        cname: "c",
        ntp: { seconds: 1, fraction: 2 },
        rtpTimestamp: 3,
        packetCount: 4,
        octetCount: 5,
      }),
    );
    await media.send(packet(10), packet(12), packet(13));
    // Two of them wait for the one between, and have to before time moves.
    await eventually("three packets", () => client.quality.packets === 3);
    await room.clock.advance(4_000);
    await media.send(packet(14));
    await eventually("the packets", () => room.sink.packets.length === 4);
    await room.clock.advance(1_000);
    await eventually("a report", () => media.control.length === 2);
    expect(parseRtcp(media.control[1] ?? Buffer.alloc(0))).toMatchObject([
      { kind: "receiver-report", reports: [{ ssrc: 7, highestSequence: 14, cumulativeLost: 1 }] },
      { kind: "source-description" },
    ]);
    expect(camera.frames).toEqual([]);
  });

  it("is kept alive by requests on the connection", async () => {
    await using room = new Room();
    const { media, camera } = await room.playing();
    for (let round = 0; round < 11; round += 1) {
      await media.send(packet(round));
      await eventually("a packet", () => room.sink.packets.length === round + 1);
      await room.clock.advance(5_000);
    }
    await eventually("a keep-alive", () => camera.methods.includes("GET_PARAMETER"));
  });

  it("ends when none of it comes for five seconds, and says why that may be", async () => {
    await using room = new Room();
    const { media, ended } = await room.playing();
    await media.send(packet(1));
    await eventually("a packet", () => room.sink.packets.length === 1);
    await room.clock.advance(5_000);
    await room.clock.advance(5_000);
    expect(await ended).toMatchObject({
      code: "camera-stalled",
      message: "no packet of the camera's came by UDP within 5000 ms",
      remedy: expect.stringContaining("RTSP over TCP"),
    });
  });

  it("ends when the camera says so", async () => {
    await using room = new Room();
    const { media, ended } = await room.playing();
    await media.send(packet(1));
    await eventually("a packet", () => room.sink.packets.length === 1);
    await media.sendControl(buildBye({ ssrc: 7, cname: "c" }));
    expect(await ended).toEqual(code("camera-stalled"));
  });

  it("leaves no port behind", async () => {
    const media = await UdpMedia.open();
    await using _media = media;
    {
      await using room = new Room();
      const { camera, client } = await room.client({ replies: { SETUP: media.setup } });
      await client.setup(video, { signal: never });
      await client[Symbol.asyncDispose]();
      await eventually("the end of the connection", () => camera.sockets.size === 0);
    }
    await using again = await UdpMedia.open();
    expect(again.port).toBeUndefined();
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    // Would throw if the client still held it.
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port: media.port ?? 0, address: "127.0.0.1", exclusive: true }, () => resolve());
    });
    socket.close();
  });
});
