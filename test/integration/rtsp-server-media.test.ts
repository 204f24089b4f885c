import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { GatehouseError, systemClock, type Clock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

import type { AudioTrack, VideoTrack } from "../../gateway-bridge/src/domain/track.ts";
import { parameterSets, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { H264Depacketizer } from "../../gateway-bridge/src/protocols/h264/depacketizer.ts";
import { fromNtp } from "../../gateway-bridge/src/protocols/rtp/testing/from-ntp.ts";
import { buildReceiverReport, parseRtcp } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { parseRtp, type RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { parseRtpInfo } from "../../gateway-bridge/src/protocols/rtsp/session-headers.ts";
import { eventually } from "../support/eventually.ts";
import { PacedCamera, pictureNumber, type PacedCameraOptions } from "../support/paced-source.ts";
import { doorCamera, RtspDoor } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
});

interface Opened {
  readonly camera: PacedCamera;
  readonly door: RtspDoor;
  /** A new reader of the same application. */
  readonly reader: () => Promise<RtspReader>;
}

const open = async (
  over: Partial<PacedCameraOptions> = {},
  { clock = systemClock, secure = true }: { readonly clock?: Clock; readonly secure?: boolean } = {},
): Promise<Opened> => {
  const camera = new PacedCamera({ clock, ...over });
  const door = stack.use(await RtspDoor.open({ openSource: camera.openSource, clock, plain: !secure }));
  const login = await door.admit();
  const ports = await door.server.ports();
  const way = secure ? { port: ports?.secure ?? 0, certificate: door.certificate } : { port: ports?.plain ?? 0 };
  return { camera, door, reader: async () => stack.use(await RtspReader.open({ ...way, login })) };
};

interface Picture {
  readonly number: number;
  readonly key: boolean;
  /** Ticks of 90 kHz since the first packet. */
  readonly ticks: number;
}

const since = (from: number, to: number): number => (to - from) >>> 0;

/** Puts pictures together, packet by packet. */
class Album {
  readonly pictures: Picture[] = [];
  readonly #depacketizer = new H264Depacketizer();
  #from: number | undefined;

  add(packet: RtpPacket): void {
    this.#from ??= packet.timestamp;
    for (const { nals, key, timestamp } of this.#depacketizer.push(packet)) {
      const number = pictureNumber(nals.at(-1) ?? Buffer.alloc(8));
      this.pictures.push({ number, key, ticks: since(this.#from, timestamp) });
    }
  }
}

const picturesOf = (packets: readonly RtpPacket[]): readonly Picture[] => {
  const album = new Album();
  for (const packet of packets) album.add(packet);
  return album.pictures;
};

/** Tells the number of a reader's newest picture, again and again: each packet is looked at once, however often it is asked. */
const newestOf = ({ frames }: RtspReader): (() => number) => {
  const album = new Album();
  let read = 0;
  return () => {
    for (; read < frames.length; read += 1) {
      const { channel, payload } = frames[read]!;
      if (channel === 0) album.add(parseRtp(payload));
    }
    return album.pictures.at(-1)?.number ?? -1;
  };
};

const expectNoGap = (packets: readonly RtpPacket[]): void => {
  const missing = packets.flatMap(({ sequence }, index) => {
    const before = packets[index - 1]?.sequence;
    return before === undefined || ((before + 1) & 0xffff) === sequence ? [] : [`${before} -> ${sequence}`];
  });
  expect(missing).toEqual([]);
};

const expectInOrder = (pictures: readonly Picture[]): void => {
  const numbers = pictures.map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
};

/** A reader's own port for datagrams. */
const bind = async (): Promise<Socket> => {
  const socket = createSocket("udp4").bind({ address: "127.0.0.1", port: 0 });
  await once(socket, "listening");
  stack.defer(() => void socket.close());
  return socket;
};

describe("a reader of the RTSP server", () => {
  it("starts with the stored key picture, is live within 300 ms, and misses nothing", async () => {
    // Time is the gateway's own: what it sends within 300 ms is sent then, however late this process reads it.
    const clock = new TestClock();
    const { camera, reader } = await open({ gop: 30 }, { clock });
    const first = await reader();
    await first.play(doorCamera);
    await clock.advance(24 * 40);
    expect(camera.sent).toBe(25);
    const second = await reader();
    const { info } = await second.play(doorCamera);
    const [newest, newestOfFirst] = [newestOf(second), newestOf(first)];
    await clock.advance(300);
    await eventually("live", () => newest() === camera.sent - 1);
    await clock.advance(60 * 40);
    expect(camera.sent).toBeGreaterThan(90);
    await eventually("two more GOPs", () => [newest, newestOfFirst].every((number) => number() === camera.sent - 1));

    for (const { frames, packets } of [first, second].map((one) => ({ frames: one.frames, packets: one.packets() }))) {
      expect(frames.length).toBeGreaterThan(packets.length);
      expectNoGap(packets);
      expectInOrder(picturesOf(packets));
    }
    const pictures = picturesOf(second.packets());
    expect(pictures[0]).toMatchObject({ number: 0, key: true });
    expect(pictures).toHaveLength(camera.sent);
    const ticks = pictures.map((picture) => picture.ticks);
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
    expect(new Set(ticks).size).toBe(ticks.length);
    // The stored second takes no more on the reader's timeline than it may take to send.
    expect((pictures.find(({ number }) => number === 24)?.ticks ?? Infinity) / 90).toBeLessThanOrEqual(300);
    // RTP-Info names the first packet.
    const [start] = parseRtpInfo(info);
    const [packet] = second.packets();
    expect(start?.sequence).toBe(packet?.sequence);
    expect(since(start?.timestamp ?? 0, packet?.timestamp ?? 0) / 90).toBeLessThan(1_000);
    // Whatever the number of readers.
    expect(camera.opened).toBe(1);
  });

  it("is told how its tracks lie side by side", async () => {
    const clock = new TestClock();
    const { reader } = await open({ tracks: [videoTrack, pcmu] }, { clock });
    const one = await reader();
    const setUp = async (track: number, Transport: string, headers = {}) =>
      one.ask("SETUP", `${doorCamera}/trackID=${track}`, { Transport, ...headers });
    const video = await setUp(0, "RTP/AVP/TCP;unicast;interleaved=0-1");
    const Session = video.headers.get("session")?.split(";")[0] ?? "";
    await setUp(1, "RTP/AVP/TCP;unicast;interleaved=2-3", { Session });
    await one.ask("PLAY", doorCamera, { Session });
    await clock.advance(2_000);
    await eventually("sound", () => one.packets(2).length > 40);
    expectNoGap(one.packets(2));
    const reports = [1, 3].map((channel) => {
      const frame = one.frames.find((each) => each.channel === channel);
      const report = parseRtcp(frame?.payload ?? Buffer.alloc(0))[0];
      if (report?.kind !== "sender-report") throw new Error(`no sender report on channel ${channel}`);
      return report;
    });
    const [ofVideo, ofAudio] = reports;
    // Both clocks, as the reports lay them on the gateway's: a picture and the sound sent with it are of one moment.
    const wallOf = (report: typeof ofVideo, rate: number, timestamp: number): number =>
      fromNtp(report?.ntp ?? { seconds: 0, fraction: 0 }) +
      (((timestamp - (report?.rtpTimestamp ?? 0)) | 0) * 1_000) / rate;
    const lastPicture = one.packets(0).findLast(({ marker }) => marker);
    const after = one.frames.findLastIndex(
      ({ channel, payload }) => channel === 0 && parseRtp(payload).sequence === lastPicture?.sequence,
    );
    const sound =
      one.frames.slice(after).find(({ channel }) => channel === 2) ??
      one.frames.findLast(({ channel }) => channel === 2);
    const soundAt = wallOf(ofAudio, 8_000, parseRtp(sound!.payload).timestamp);
    const pictureAt = wallOf(ofVideo, 90_000, lastPicture?.timestamp ?? 0);
    expect(Math.abs(soundAt - pictureAt)).toBeLessThanOrEqual(41);
    // The last picture was taken just now.
    expect(Math.abs(pictureAt - clock.now())).toBeLessThanOrEqual(41);
  });

  it("pauses, and goes on at a key picture with the numbers that follow", async () => {
    const clock = new TestClock();
    const { camera, reader } = await open({}, { clock });
    const one = await reader();
    const { session: Session } = await one.play(doorCamera);
    await clock.advance(200);
    await eventually("pictures", () => one.packets().length > 30);
    expect((await one.ask("PAUSE", doorCamera, { Session })).status).toBe(200);
    const paused = one.frames.length;
    const sent = camera.sent;
    await clock.advance(2_000);
    expect(camera.sent).toBeGreaterThan(sent + 45);
    // All that came before this answer is here with it.
    expect((await one.ask("GET_PARAMETER", doorCamera, { Session })).status).toBe(200);
    expect(one.frames.length).toBe(paused);
    const again = await one.ask("PLAY", doorCamera, { Session });
    await clock.advance(2_000);
    await eventually("more", () => one.frames.length > paused + 30);
    expectNoGap(one.packets());
    const [start] = parseRtpInfo(again.headers.get("rtp-info") ?? "");
    const goesOn = one.packets().findIndex(({ sequence }) => sequence === start?.sequence);
    expect(picturesOf(one.packets().slice(goesOn))[0]).toMatchObject({ key: true });
  });

  it("that stops reading harms nobody, and goes on at a key picture", async () => {
    const clock = new TestClock();
    const { camera, door, reader } = await open({ keyBytes: 600_000, bytes: 100_000, gop: 10 }, { clock });
    const [slow, other] = [await reader(), await reader()];
    const [newestOfSlow, newestOfOther] = [newestOf(slow), newestOf(other)];
    await slow.play(doorCamera);
    await other.play(doorCamera);
    slow.socket.pause();
    // The next picture is taken when the other has the one before: it is never slow, however slow this process is.
    const film = async (what: string, done: () => boolean): Promise<void> => {
      for (let taken = 0; !done(); taken += 1) {
        if (taken > 1_000) throw new Error(`not within ${taken} pictures: ${what}`);
        await clock.advance(40);
        await eventually("the other has the picture", () => newestOfOther() === camera.sent - 1);
      }
    };
    const dropped = (): number => door.streams.status().reduce((sum, status) => sum + status.dropped, 0);
    await film("pictures are left out", () => dropped() > 20);
    slow.socket.resume();
    const stoppedAt = camera.sent;
    await film("it goes on", () => newestOfSlow() > stoppedAt + 10);
    expectNoGap(slow.packets());
    const pictures = picturesOf(slow.packets());
    const afterGaps = pictures.filter(
      ({ number }, index) => index > 0 && number !== (pictures[index - 1]?.number ?? 0) + 1,
    );
    expect(afterGaps.length).toBeGreaterThan(0);
    expect(afterGaps.every(({ key }) => key)).toBe(true);
    expectNoGap(other.packets());
    expectInOrder(picturesOf(other.packets()));
  }, 60_000);

  it("that never reads again is let go after a minute, and holds little until then", async () => {
    const clock = new TestClock();
    const { door, reader } = await open({ keyBytes: 600_000, bytes: 100_000, gop: 10 }, { clock });
    const stuck = await reader();
    const playing = stuck.play(doorCamera);
    await clock.advance(200);
    await playing;
    stuck.socket.pause();
    await clock.advance(30_000);
    expect(door.server.sessions()).toBe(1);
    expect(door.server.unsent()).toBeLessThan(1_500_000);
    await clock.advance(45_000);
    expect(door.server.sessions()).toBe(0);
  }, 60_000);

  it("that does not even take its farewell is let go without", async () => {
    const clock = new TestClock();
    const { door, reader } = await open({ keyBytes: 600_000, bytes: 100_000, gop: 10 }, { clock, secure: false });
    const stuck = await reader();
    const playing = stuck.play(doorCamera);
    await clock.advance(200);
    await playing;
    stuck.socket.pause();
    await clock.advance(5_000);
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    const before = sockets();
    stuck.send("\x00");
    await eventually("its session's end", () => door.server.sessions() === 0);
    expect(sockets()).toBe(before);
    await clock.advance(2_000);
    await eventually("its end", () => sockets() === before - 1);
  });

  it("that says nothing but takes what it is sent may stay", async () => {
    const clock = new TestClock();
    const { door, reader } = await open({ keyBytes: 1_000, bytes: 500 }, { clock });
    const quiet = await reader();
    const playing = quiet.play(doorCamera);
    await clock.advance(200);
    await playing;
    await clock.advance(150_000);
    expect(door.server.sessions()).toBe(1);
  }, 60_000);

  it("plays on while its login is asked for anew, every few minutes", async () => {
    const clock = new TestClock();
    const { reader } = await open({ keyBytes: 1_000, bytes: 500 }, { clock });
    const one = await reader();
    const playing = one.play(doorCamera);
    await clock.advance(200);
    const { session: Session } = await playing;
    await clock.advance(5 * 60_000);
    const before = one.frames.length;
    expect((await one.request("GET_PARAMETER", doorCamera, { Session }))?.status).toBe(401);
    expect((await one.ask("GET_PARAMETER", doorCamera, { Session })).status).toBe(200);
    await clock.advance(1_000);
    await eventually("more pictures", () => one.frames.length > before + 20);
    expectNoGap(one.packets());
  }, 60_000);

  it("stays when the camera comes back as it was, and is sent away when it comes back with another codec", async () => {
    const { camera, door, reader } = await open({ tracks: [videoTrack] });
    const one = await reader();
    await one.play(doorCamera);
    await eventually("pictures", () => one.packets().length > 30);
    camera.break(new GatehouseError("camera-stalled", "the camera rebooted"));
    await eventually("it is back", () => camera.opened === 2);
    const before = one.packets().length;
    await eventually("more pictures", () => one.packets().length > before + 30);
    expectNoGap(one.packets());
    const ticks = picturesOf(one.packets()).map((picture) => picture.ticks);
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));

    const other: VideoTrack = {
      ...videoTrack,
      codec: "h265",
      parameterSets: { ...parameterSets, vps: Buffer.from([0x40, 1]) },
    };
    camera.tracks = [other];
    camera.break(new GatehouseError("camera-stalled", "the camera rebooted"));
    await eventually("the end", () => one.closed);
    expect(door.server.sessions()).toBe(0);
    const goodbye = parseRtcp(one.frames.findLast(({ channel }) => channel === 1)?.payload ?? Buffer.alloc(0));
    expect(goodbye.map(({ kind }) => kind)).toContain("bye");
  }, 60_000);

  it("leaves nothing behind, ten times", async () => {
    const { camera, door, reader } = await open({}, { secure: false });
    const resting = await reader();
    await resting.play(doorCamera);
    const udp = [await bind(), await bind()].map((socket) => socket.address().port).join("-");
    const cycle = async (transport: string): Promise<void> => {
      const one = await reader();
      const { session: Session } = await one.play(doorCamera, transport);
      await one.ask("TEARDOWN", doorCamera, { Session });
      one[Symbol.dispose]();
      await eventually("it is gone, also for the server", () => one.closed && door.server.connections.known === 1);
    };
    const open0 = (): Record<string, number> =>
      Object.fromEntries(
        ["TCPSocketWrap", "TCPServerWrap", "UDPWrap", "TLSWrap"].map((kind) => [
          kind,
          process.getActiveResourcesInfo().filter((each) => each === kind).length,
        ]),
      );
    await cycle("RTP/AVP/TCP;unicast;interleaved=0-1");
    expect(door.server.sessions()).toBe(1);
    const before = open0();
    for (let time = 0; time < 10; time += 1) {
      await cycle(time % 2 === 0 ? "RTP/AVP/TCP;unicast;interleaved=0-1" : `RTP/AVP;unicast;client_port=${udp}`);
    }
    await eventually("as before", () => JSON.stringify(open0()) === JSON.stringify(before));
    expect(door.server.sessions()).toBe(1);
    expect(camera.opened).toBe(1);
  });
});

describe("a reader by UDP", () => {
  it("is sent numbered packets and reports at its own address, wherever it wants them", async () => {
    const { camera, reader } = await open({ tracks: [videoTrack] }, { secure: false });
    const [rtp, rtcp] = [await bind(), await bind()];
    const [packets, reports]: [RtpPacket[], Buffer[]] = [[], []];
    rtp.on("message", (bytes) => packets.push(parseRtp(bytes)));
    rtcp.on("message", (bytes) => reports.push(bytes));
    const one = await reader();
    const ports = `${rtp.address().port}-${rtcp.address().port}`;
    const { session: Session } = await one.play(
      doorCamera,
      `RTP/AVP;unicast;destination=192.0.2.9;client_port=${ports}`,
    );
    await eventually("pictures", () => picturesOf(packets).length > 30);
    expectNoGap(packets);
    expectInOrder(picturesOf(packets));
    expect(parseRtcp(reports[0] ?? Buffer.alloc(0))[0]?.kind).toBe("sender-report");
    await one.ask("TEARDOWN", doorCamera, { Session });
    // What was sent before may still be under way; what is taken from now on is not sent.
    const next = camera.sent;
    await eventually("ten more are taken", () => camera.sent >= next + 10);
    expect(picturesOf(packets).at(-1)?.number).toBeLessThan(next);
  });

  it("stays while it reports, and is let go when it does not", async () => {
    const clock = new TestClock();
    const { door, reader } = await open({ keyBytes: 1_000, bytes: 500 }, { clock, secure: false });
    const [rtp, rtcp] = [await bind(), await bind()];
    const one = await reader();
    const setUp = one.ask("SETUP", `${doorCamera}/trackID=0`, {
      Transport: `RTP/AVP;unicast;client_port=${rtp.address().port}-${rtcp.address().port}`,
    });
    await clock.advance(100);
    const answer = await setUp;
    const [, serverPort] = /server_port=\d+-(\d+)/.exec(answer.headers.get("transport") ?? "") ?? [];
    const played = one.ask("PLAY", doorCamera, { Session: answer.headers.get("session")?.split(";")[0] ?? "" });
    await clock.advance(0);
    await played;
    const report = buildReceiverReport({ ssrc: 1, cname: "reader" });
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(50_000);
      expect(door.server.sessions()).toBe(1);
      const sent = Promise.withResolvers<unknown>();
      rtcp.send(report, Number(serverPort), "127.0.0.1", sent.resolve);
      // It is read at the first of the many turns that the next minute takes.
      await sent.promise;
    }
    await clock.advance(70_000);
    expect(door.server.sessions()).toBe(0);
  }, 60_000);

  it("that came by IPv6 to a door for both is found by IPv4", async () => {
    const camera = new PacedCamera({ clock: systemClock });
    const door = stack.use(await RtspDoor.open({ openSource: camera.openSource, plain: true, host: "::" }));
    const login = await door.admit();
    const one = stack.use(await RtspReader.open({ port: (await door.server.ports())?.plain ?? 0, login }));
    const rtp = await bind();
    const packets: RtpPacket[] = [];
    rtp.on("message", (bytes) => packets.push(parseRtp(bytes)));
    await one.play(doorCamera, `RTP/AVP;unicast;client_port=${rtp.address().port}-1`);
    await eventually("packets", () => packets.length > 20);
  });

  it("is refused on an encrypted connection", async () => {
    const { reader } = await open();
    const one = await reader();
    const Transport = "RTP/AVP;unicast;client_port=5000-5001";
    expect((await one.ask("SETUP", `${doorCamera}/trackID=0`, { Transport })).status).toBe(461);
  });
});
