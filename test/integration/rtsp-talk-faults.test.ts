import { describe, expect, it } from "@jest/globals";
import { CameraId } from "@gatehouse/shared";
import { makeCertificate, MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { quirksOf } from "../../gateway-bridge/src/domain/camera-quirks.ts";
import type { TalkBack } from "../../gateway-bridge/src/ports.ts";
import { parseRtp } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { createTalkBack } from "../../gateway-bridge/src/sources/rtsp-talk-back.ts";
import { createTalkProbe } from "../../gateway-bridge/src/sources/rtsp-talk-probe.ts";
import { collectGarbage } from "../support/collect-garbage.ts";
import { eventually } from "../support/eventually.ts";
import { ScriptedCamera, sdp, type Reply, type ScriptedCameraOptions } from "../support/scripted-camera.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const back = `${sdp}\r\nm=audio 0 RTP/AVP 8 0\r\na=control:trackID=2\r\na=sendonly`;
const DESCRIBE: Reply = () => ({ body: back });

/** A camera with a way back, and who talks through it. */
class Room extends AsyncDisposableStack {
  readonly clock = new TestClock();
  readonly log = new MemoryLogger();

  camera(options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> {
    return ScriptedCamera.open({ ...options, replies: { DESCRIBE, ...options.replies } }).then((camera) =>
      this.use(camera),
    );
  }

  async talk(camera: ScriptedCamera, more: Partial<StreamEndpoint> = {}, signal = never): Promise<TalkBack> {
    const talk = this.use(await createTalkBack(this)(endpointOf(camera, more), { signal }));
    this.defer(() => camera.hangUp());
    return talk;
  }

  probe(camera: ScriptedCamera, more: Partial<StreamEndpoint> = {}, signal = never): Promise<boolean> {
    return createTalkProbe(this)(endpointOf(camera, more), { signal });
  }
}

const endpointOf = (camera: ScriptedCamera, more: Partial<StreamEndpoint>): StreamEndpoint => ({
  camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
  tier: "main",
  url: camera.url,
  credentials: undefined,
  pin: null,
  auth: { floor: "none", raise: () => undefined },
  ...more,
});

describe("talking through a camera", () => {
  it("sets up the way back alone, and says that it needs it", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const talk = await room.talk(camera);
    expect(talk.track).toMatchObject({ codec: "pcmu", clockRate: 8_000, channels: 1 });
    const [asked, , ...rest] = [...camera.requests]
      .toReversed()
      .map(({ method, uri, headers }) => [method, uri, headers.get("require")]);
    const needed = "www.onvif.org/ver20/backchannel";
    expect(asked).toEqual(["PLAY", camera.url, needed]);
    expect(rest).toEqual([
      ["DESCRIBE", camera.url, needed],
      ["OPTIONS", camera.url, undefined],
    ]);
    expect(camera.requests.filter(({ method }) => method === "SETUP").map(({ uri }) => uri)).toEqual([
      `${camera.url}/trackID=2`,
    ]);
  });

  it("sends what is said, as one stream of packets", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const talk = await room.talk(camera);
    for (let index = 0; index < 5; index += 1) talk.write(Buffer.alloc(160, index), 160 * index);
    await eventually("the packets", () => camera.frames.length === 5);
    const packets = camera.frames.map(({ channel, payload: frame }) => {
      const { payloadType, marker, sequence, timestamp, ssrc, payload } = parseRtp(frame);
      return { channel, payloadType, marker, sequence, timestamp, ssrc, payload };
    });
    const [first] = packets;
    expect(packets).toEqual(
      packets.map((_, index) => ({
        channel: 0,
        payloadType: 0,
        marker: index === 0,
        sequence: ((first?.sequence ?? 0) + index) & 0xffff,
        timestamp: ((first?.timestamp ?? 0) + 160 * index) % 2 ** 32,
        ssrc: first?.ssrc,
        payload: Buffer.alloc(160, index),
      })),
    );
  });

  it("is told when the camera has enough of it, and then writes to nobody", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const talk = await room.talk(camera);
    camera.hangUp();
    await eventually("the end", () => talk.ended.aborted);
    expect(talk.ended.reason).toEqual(code("camera-unreachable"));
    expect(() => talk.write(Buffer.alloc(160), 0)).not.toThrow();
  });

  it("drops what a camera does not read, in bounded memory, and goes on when it reads again", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const talk = await room.talk(camera);
    for (const socket of camera.sockets) socket.pause();
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    // 200 MB of sound: what the system holds of it is a few.
    const piece = Buffer.alloc(1_000);
    for (let index = 0; index < 200_000; index += 1) {
      talk.write(piece, index * 1_000);
      if (index % 1_000 === 0) await new Promise(setImmediate);
    }
    // What was collected is swept by a thread of the engine's own, and counted until then.
    await eventually("no more than 32 MiB of it in memory", () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024;
    });
    expect(talk.ended.aborted).toBe(false);
    for (const socket of camera.sockets) socket.resume();
    const last = Buffer.from("the last word");
    await eventually("new sound", () => {
      talk.write(last, 0);
      return camera.frames.some(({ payload }) => payload.subarray(12).equals(last));
    });
    // Ours ends first: a camera that reads says goodbye.
    await talk[Symbol.asyncDispose]();
    expect(room.log.lines).toMatchObject([{ level: "warn", message: "the camera did not take all that was said" }]);
  });

  it("does not go on after a goodbye", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const talk = await room.talk(camera);
    await talk[Symbol.asyncDispose]();
    talk.write(Buffer.alloc(160), 0);
    expect(camera.methods.at(-1)).toBe("TEARDOWN");
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(camera.frames).toEqual([]);
    expect(room.clock.pending).toBe(0);
  });

  it("is called off while the camera thinks", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { PLAY: () => undefined, TEARDOWN: () => ({}) } });
    const leaving = new AbortController();
    const opened = room.talk(camera, {}, leaving.signal).catch((error: unknown) => error);
    await eventually("PLAY", () => camera.methods.includes("PLAY"));
    leaving.abort(new Error("enough"));
    expect(await opened).toEqual(new Error("enough"));
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(room.clock.pending).toBe(0);
  });
});

describe("a camera that cannot be talked through", () => {
  it.each<[string, ScriptedCameraOptions, string]>([
    ["has no way back in its stream", { replies: { DESCRIBE: () => ({ body: sdp }) } }, "talk-unsupported"],
    [
      "refuses to describe one",
      { replies: { DESCRIBE: () => ({ status: "551 Option not supported" }) } },
      "talk-unsupported",
    ],
    [
      "refuses to set one up",
      { replies: { SETUP: () => ({ status: "551 Option not supported" }) } },
      "talk-unsupported",
    ],
    [
      "has too little bandwidth for another",
      { replies: { SETUP: () => ({ status: "453 Not Enough Bandwidth" }) } },
      "talk-busy",
    ],
    ["is out of order", { replies: { SETUP: () => ({ status: "500 Internal Server Error" }) } }, "camera-fault"],
    ["does not play", { replies: { PLAY: () => ({ status: "455 Method Not Valid" }) } }, "camera-fault"],
    [
      "would send keys in the clear",
      { replies: { DESCRIBE: () => ({ body: back.replaceAll("RTP/AVP", "RTP/SAVP") }) } },
      "camera-fault",
    ],
  ])("because it %s, is told apart", async (_, options, expected) => {
    await using room = new Room();
    const camera = await room.camera(options);
    await expect(room.talk(camera)).rejects.toEqual(code(expected));
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(room.clock.pending).toBe(0);
  });

  it("because it shows another key, hears no word", async () => {
    await using room = new Room();
    const [own, other] = [makeCertificate(), makeCertificate()];
    const camera = await room.camera({ tls: { key: own.privateKey, cert: own.certificate } });
    await expect(room.talk(camera, { pin: other.pin })).rejects.toEqual(code("camera-fingerprint-changed"));
    expect(camera.requests).toEqual([]);
  });
});

describe("asking whether a camera can be talked through", () => {
  it("sets nothing up, and leaves", async () => {
    await using room = new Room();
    const camera = await room.camera();
    expect(await room.probe(camera)).toBe(true);
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE"]);
    expect(camera.requests.at(1)?.headers.get("require")).toBe("www.onvif.org/ver20/backchannel");
    expect(room.clock.pending).toBe(0);
    expect(room.log.lines).toEqual([]);
  });

  it.each<[string, ScriptedCameraOptions, readonly string[]]>([
    ["offers none", { replies: { DESCRIBE: () => ({ body: sdp }) } }, []],
    ["refuses what it does not know", { replies: { DESCRIBE: () => ({ status: "551 Option not supported" }) } }, []],
    ["refuses it in other words", { replies: { DESCRIBE: () => ({ status: "400 Bad Request" }) } }, ["camera-fault"]],
    ["answers rubbish", { replies: { DESCRIBE: () => ({ body: "rubbish" }) } }, ["camera-answer-malformed"]],
  ])("is answered no where it %s", async (_, options, logged) => {
    await using room = new Room();
    const camera = await room.camera(options);
    expect(await room.probe(camera)).toBe(false);
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(room.log.lines.map(({ fields }) => fields["code"])).toEqual(logged);
  });

  it("is answered no where it never answers", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { DESCRIBE: () => undefined } });
    const asked = room.probe(camera);
    await eventually("DESCRIBE", () => camera.methods.includes("DESCRIBE"));
    await room.clock.advance(60_000);
    expect(await asked).toBe(false);
  });

  it("is not answered once nobody asks any more", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { DESCRIBE: () => undefined } });
    const leaving = new AbortController();
    const asked = room.probe(camera, {}, leaving.signal).catch((error: unknown) => error);
    await eventually("DESCRIBE", () => camera.methods.includes("DESCRIBE"));
    leaving.abort(new Error("enough"));
    expect(await asked).toEqual(new Error("enough"));
  });
});

describe("a Dahua camera", () => {
  const quirks = quirksOf({ manufacturer: "Dahua", model: "IPC-HDW", url: "" });

  it("is asked in the words that it knows", async () => {
    await using room = new Room();
    const camera = await room.camera();
    await room.talk(camera, { quirks });
    expect(camera.requests.at(1)?.uri).toBe(`${camera.url}?unicast=true&proto=Onvif`);
    const other = await room.camera();
    expect(await room.probe(other, { quirks })).toBe(true);
    expect(other.requests.at(1)?.uri).toBe(`${other.url}?unicast=true&proto=Onvif`);
  });

  it("is taken to be in use where it refuses a second talker", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { SETUP: () => ({ status: "500 Internal Server Error" }) } });
    await expect(room.talk(camera, { quirks })).rejects.toEqual(code("talk-busy"));
  });

  it("that is a door station is spoken to in PCMA", async () => {
    await using room = new Room();
    const talk = await room.talk(await room.camera(), {
      quirks: quirksOf({ manufacturer: "Dahua", model: "VTO2202F", url: "" }),
    });
    expect(talk.track.codec).toBe("pcma");
  });
});
