import { describe, expect, it } from "@jest/globals";
import { CameraId } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { randomBytes } from "node:crypto";

import type { AccessUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { collectGarbage } from "../support/collect-garbage.ts";
import { eventually } from "../support/eventually.ts";
import { interleaved, rtp, ScriptedCamera, sdp, type ScriptedCameraOptions } from "../support/scripted-camera.ts";
import { UdpMedia } from "../support/udp-media.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const megabyte = 1024 * 1024;

const idr = Buffer.from([0x65, 0x88, 0x84, 0x00]);
const picture = (sequence: number): Buffer => rtp({ sequence, timestamp: sequence * 3_600 }, idr);

const endpoint = (url: string): StreamEndpoint => ({
  camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
  tier: "main",
  url,
  credentials: undefined,
  pin: null,
  auth: { floor: "none", raise: () => undefined },
});

/** One camera and its viewer, who counts pictures and keeps none. */
class Viewing extends AsyncDisposableStack {
  readonly clock = new TestClock();
  readonly log = new MemoryLogger();
  pictures = 0;
  ended: Promise<unknown> = Promise.resolve();

  async play(options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> {
    const camera = this.use(await ScriptedCamera.open(options));
    const open = createRtspSource({ clock: this.clock, log: this.log });
    const source = this.use(await open(endpoint(camera.url), { signal: never }));
    this.defer(() => camera.hangUp());
    const write = (unit: AccessUnit): void => {
      if (unit.kind === "video") this.pictures += 1;
    };
    this.ended = source.play({ write }, { signal: never }).catch((error: unknown) => error);
    await eventually("the timers of a stream that plays", () => this.clock.pending === 3);
    return camera;
  }

  /** A picture comes through. */
  async expectAlive(camera: ScriptedCamera, sequence: number): Promise<void> {
    const before = this.pictures;
    camera.send(interleaved(0, picture(sequence)));
    await eventually("another picture", () => this.pictures > before);
  }
}

/** Bytes of this process, after what nobody holds is gone. */
const held = (): number => {
  collectGarbage();
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
};

/** What nobody holds is let go of in the background, by this look or the next; what is held never is. */
const holdsNoMore = (before: number, bytes: number): Promise<void> =>
  eventually(`less than ${bytes} bytes beside what was held before`, () => held() - before < bytes);

/** Writes as fast as the client reads. */
const flood = async (camera: ScriptedCamera, piece: Buffer, bytes: number): Promise<void> => {
  const [socket] = camera.sockets;
  if (socket === undefined) throw new Error("nobody is connected");
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          socket.off("drain", goOn).off("close", goOn);
          resolve();
        };
        socket.on("drain", goOn).on("close", goOn);
      });
    }
  }
};

const frame = (length: number, content: Buffer): Buffer => {
  const bytes = interleaved(0, content);
  bytes.writeUInt16BE(length, 2);
  return bytes;
};

describe("an interleaved length that lies", () => {
  it.each<[string, Buffer]>([
    ["by too little", frame(12, picture(2))],
    ["by nothing at all", Buffer.concat([frame(0, picture(2))])],
    ["by one", frame(picture(2).length - 1, Buffer.concat([picture(2).subarray(0, -1), Buffer.from([0xff])]))],
  ])("%s ends the stream with one error, and nobody else's", async (_, bytes) => {
    await using faulty = new Viewing();
    await using sound = new Viewing();
    const [camera, other] = [await faulty.play(), await sound.play()];
    await faulty.expectAlive(camera, 1);
    camera.send(bytes);
    expect(await faulty.ended).toEqual(code("camera-answer-malformed"));
    await sound.expectAlive(other, 1);
  });

  it("by too much waits for no more than a frame can hold", async () => {
    await using faulty = new Viewing();
    const camera = await faulty.play();
    await faulty.expectAlive(camera, 1);
    const before = held();
    camera.send(frame(65_535, picture(2)));
    // What follows is taken for its content, and then there is no frame where one should begin.
    await flood(camera, Buffer.alloc(1_000, 0xff), 10 * megabyte);
    expect(await faulty.ended).toEqual(code("camera-answer-malformed"));
    await holdsNoMore(before, 8 * megabyte);
  });
});

describe("a description of 10 MB", () => {
  const large = `${sdp}\r\n${"a=x:y\r\n".repeat(1_500_000)}`;

  it.each<[string, ScriptedCameraOptions]>([
    ["announced", { replies: { DESCRIBE: () => ({ body: large }) } }],
    ["in its headers", { replies: { DESCRIBE: () => ({ headers: [`X: ${large.replaceAll("\r\n", " ")}`] }) } }],
  ])("%s is refused before it is read", async (_, options) => {
    await using camera = await ScriptedCamera.open(options);
    const open = createRtspSource({ clock: new TestClock(), log: new MemoryLogger() });
    await expect(open(endpoint(camera.url), { signal: never })).rejects.toEqual(code("camera-answer-too-large"));
    await eventually("the end of the connection", () => camera.sockets.size === 0);
  });

  it("is read up to what a description may have", async () => {
    await using viewing = new Viewing();
    const body = `${sdp}\r\n${"a=x:y\r\n".repeat(9_000)}`;
    expect(body.length).toBeGreaterThan(60_000);
    await viewing.expectAlive(await viewing.play({ replies: { DESCRIBE: () => ({ body }) } }), 1);
  });
});

describe("a camera that floods", () => {
  it.each<[string, () => Buffer]>([
    ["with packets that say nothing", () => interleaved(0, rtp({ sequence: 0 }, randomBytes(1_300)))],
    ["with what are no packets", () => interleaved(0, Buffer.alloc(1_300, 0x11))],
    [
      "with fragments that never end",
      () =>
        interleaved(
          0,
          rtp({ sequence: 0, marker: false }, Buffer.concat([Buffer.from([0x7c, 0x05]), randomBytes(1_300)])),
        ),
    ],
    ["on channels that nobody set up", () => interleaved(9, randomBytes(1_300))],
    ["with control packets", () => interleaved(1, randomBytes(1_300))],
    [
      "with answers that nobody asked for",
      () => Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: 99\r\nX: ${"y".repeat(1_200)}\r\n\r\n`),
    ],
  ])(
    "%s takes no memory, writes no book, and its picture goes on",
    async (_, make) => {
      await using faulty = new Viewing();
      await using sound = new Viewing();
      const [camera, other] = [await faulty.play(), await sound.play()];
      await faulty.expectAlive(camera, 1);
      const before = held();
      const frames = Array.from({ length: 100 }, (__, index) => {
        const bytes = make();
        // Packets in a row, so that they are taken for the camera's own.
        if (bytes[0] === 0x24 && bytes[1] === 0) bytes.writeUInt16BE(index + 2, 6);
        return bytes;
      });
      await flood(camera, Buffer.concat(frames), 64 * megabyte);
      await sound.expectAlive(other, 1);
      await holdsNoMore(before, 32 * megabyte);
      await faulty.clock.advance(1_000);
      expect(faulty.log.lines.length).toBeLessThanOrEqual(2);
      // Numbers that begin anew are followed from the second packet in a row.
      const pictures = faulty.pictures;
      camera.send(interleaved(0, picture(30_000)), interleaved(0, picture(30_001)));
      await eventually("pictures again", () => faulty.pictures > pictures);
    },
    60_000,
  );

  it("by UDP loses what is too much, and no more memory than the system's own", async () => {
    await using viewing = new Viewing();
    const media = viewing.use(await UdpMedia.open());
    const body = sdp.slice(0, sdp.indexOf("\r\nm=audio"));
    await viewing.play({ replies: { DESCRIBE: () => ({ body }), SETUP: media.setup } });
    const before = held();
    for (let index = 0; index < 4_000; index += 1)
      await media.send(rtp({ sequence: index, timestamp: 1, marker: false }, randomBytes(1_300)));
    for (let sequence = 30_000; viewing.pictures === 0; sequence += 1) {
      await media.send(picture(sequence));
      await new Promise(setImmediate);
    }
    await holdsNoMore(before, 32 * megabyte);
  });
});
