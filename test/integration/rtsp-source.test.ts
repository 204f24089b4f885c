import { describe, expect, it } from "@jest/globals";
import { CameraId } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { AccessUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { Source } from "../../gateway-bridge/src/ports.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { eventually } from "../support/eventually.ts";
import {
  interleaved,
  rtp,
  ScriptedCamera,
  sdp,
  type RtpFields,
  type ScriptedCameraOptions,
} from "../support/scripted-camera.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

const sps = Buffer.from([0x67, 0x42, 0xc0, 0x1e, 0x95]);
const pps = Buffer.from([0x68, 0xce, 0x3c, 0x80]);
const idr = Buffer.from([0x65, 0x88, 0x84, 0x00]);
const slice = Buffer.from([0x41, 0x9a, 0x02, 0x03]);

const video = (fields: RtpFields, nal: Buffer): Buffer => interleaved(0, rtp(fields, nal));
const sound = (fields: RtpFields, frame: Buffer): Buffer => interleaved(2, rtp({ payloadType: 97, ...fields }, frame));

/** A camera and a source that plays from it, with all that comes out. */
class Playing extends AsyncDisposableStack {
  readonly clock = new TestClock();
  readonly log = new MemoryLogger();
  readonly units: AccessUnit[] = [];
  readonly #leaving = new AbortController();

  async open(options: ScriptedCameraOptions = {}): Promise<{ camera: ScriptedCamera; source: Source }> {
    const camera = this.use(await ScriptedCamera.open(options));
    const open = createRtspSource({ clock: this.clock, log: this.log });
    const endpoint = {
      camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
      tier: "main",
      url: camera.url,
      credentials: undefined,
      pin: null,
      auth: { floor: "none", raise: () => undefined },
    } as const;
    return { camera, source: this.use(await open(endpoint, { signal: never })) };
  }

  /** How playing ends; resolves to why. */
  async play(options: ScriptedCameraOptions = {}): Promise<{ camera: ScriptedCamera; ended: Promise<unknown> }> {
    const { camera, source } = await this.open(options);
    const write = (unit: AccessUnit): number => this.units.push(unit);
    const ended = source.play({ write }, this.#leaving).catch((error: unknown) => error);
    // Keep-alive, reports, and the watch over the stream.
    await eventually("the timers of a stream that plays", () => this.clock.pending === 3);
    return { camera, ended };
  }

  leave(): void {
    this.#leaving.abort(new Error("left"));
  }
}

describe("an RTSP source", () => {
  it("gives pictures and sound as they come", async () => {
    await using playing = new Playing();
    const { camera, ended } = await playing.play();
    await playing.clock.advance(40);
    const at = playing.clock.monotonic();
    camera.send(
      video({ sequence: 1, timestamp: 0xffff_f000, marker: false }, sps),
      video({ sequence: 2, timestamp: 0xffff_f000, marker: false }, pps),
      video({ sequence: 3, timestamp: 0xffff_f000 }, idr),
      sound({ sequence: 9, timestamp: 0xffff_ff00 }, Buffer.from("one")),
      video({ sequence: 4, timestamp: 0 }, slice),
      sound({ sequence: 10, timestamp: 704 }, Buffer.from("two")),
      sound({ sequence: 11, timestamp: 1_664, payloadType: 0 }, Buffer.from("of another kind")),
      sound({ sequence: 12, timestamp: 1_664 }, Buffer.alloc(0)),
    );
    await eventually("four units", () => playing.units.length === 4);
    expect(playing.units).toEqual([
      { kind: "video", timestamp: 0xffff_f000, key: true, nals: [sps, pps, idr], bytes: 13, arrivedAt: at },
      { kind: "audio", timestamp: 0xffff_ff00, data: Buffer.from("one"), bytes: 3, arrivedAt: at },
      { kind: "video", timestamp: 2 ** 32, key: false, nals: [slice], bytes: 4, arrivedAt: at },
      { kind: "audio", timestamp: 2 ** 32 + 704, data: Buffer.from("two"), bytes: 3, arrivedAt: at },
    ]);
    playing.leave();
    expect(await ended).toEqual(expect.objectContaining({ message: "left" }));
  });

  it("knows its tracks and parameter sets before it plays", async () => {
    await using playing = new Playing();
    const sprop = `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sps.toString("base64")},${pps.toString("base64")}`;
    const { source } = await playing.open({
      replies: { DESCRIBE: () => ({ body: sdp.replace("a=control:trackID=0", `$&\r\n${sprop}`) }) },
    });
    expect(source.tracks).toEqual([
      { kind: "video", codec: "h264", clockRate: 90_000, parameterSets: { sps, pps } },
      { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 },
    ]);
  });

  it("does without sound that the camera will not send", async () => {
    await using playing = new Playing();
    const { camera, source } = await playing.open({
      replies: {
        SETUP: ({ uri, headers }) =>
          uri.endsWith("1")
            ? { status: "454 Session Not Found" }
            : { headers: [`Transport: ${headers.get("transport")}`, "Session: 1"] },
      },
    });
    expect(source.tracks.map(({ kind }) => kind)).toEqual(["video"]);
    expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "SETUP"]);
    expect(playing.log.lines).toMatchObject([{ level: "warn", fields: { camera: "cam-aaaaaaaaaaaaaaaa" } }]);
  });

  it.each<[string, string, string]>([
    ["another codec", sdp.replace("H264", "AV1"), "the camera offers neither H.264 nor H.265 but AV1"],
    ["sound alone", sdp.replace("m=video", "m=audio"), "the camera offers neither H.264 nor H.265 but no video at all"],
  ])("refuses %s", async (_, body, message) => {
    await using playing = new Playing();
    const opened = playing.open({ replies: { DESCRIBE: () => ({ body }) } });
    await expect(opened).rejects.toMatchObject({ code: "camera-no-video", message });
    expect(playing.clock.pending).toBe(0);
  });

  it("ends when no whole picture comes for ten seconds, whatever else comes", async () => {
    await using playing = new Playing();
    const { camera, ended } = await playing.play();
    await playing.clock.advance(9_000);
    camera.send(video({ sequence: 1 }, idr));
    await eventually("a picture", () => playing.units.length === 1);
    for (let second = 1; second < 10; second += 1) {
      await playing.clock.advance(1_000);
      // Sound goes on, and pieces of a picture that never gets whole.
      const fragment = Buffer.from([0x7c, 0x05, 0x00]);
      const timestamp = 90_000 * second;
      camera.send(
        video({ sequence: 1 + second, timestamp, marker: false }, fragment),
        sound({ sequence: second }, Buffer.from("sound")),
      );
      await eventually("the sound", () => playing.units.length === 1 + second);
    }
    let over = false;
    void ended.then(() => (over = true));
    await playing.clock.advance(999);
    expect(over).toBe(false);
    await playing.clock.advance(1);
    expect(await ended).toEqual(code("camera-stalled"));
  });

  it("ends when the camera goes away", async () => {
    await using playing = new Playing();
    const { camera, ended } = await playing.play();
    camera.hangUp();
    expect(await ended).toEqual(code("camera-unreachable"));
  });

  it("tells of damage once a second, however much there is", async () => {
    await using playing = new Playing();
    const { camera } = await playing.play();
    camera.send(video({ sequence: 1 }, idr));
    for (let index = 0; index < 500; index += 1) camera.send(interleaved(0, Buffer.from("damaged")));
    // A gap inside a picture.
    camera.send(
      video({ sequence: 2, timestamp: 1, marker: false }, Buffer.from([0x7c, 0x85, 0x88])),
      video({ sequence: 4, timestamp: 1 }, Buffer.from([0x7c, 0x45, 0x88])),
      video({ sequence: 5, timestamp: 2 }, slice),
    );
    await eventually("the picture after it", () => playing.units.length === 2);
    await playing.clock.advance(1_000);
    expect(playing.log.lines.map(({ message, fields }) => [message, fields])).toEqual([
      ["damaged media was left out", expect.objectContaining({ packets: 500, pictures: 1 })],
    ]);
  });

  it("leaves nothing behind", async () => {
    const clock = await (async () => {
      await using playing = new Playing();
      const { ended } = await playing.play();
      playing.leave();
      await ended;
      return playing.clock;
    })();
    expect(clock.pending).toBe(0);
  });
});
