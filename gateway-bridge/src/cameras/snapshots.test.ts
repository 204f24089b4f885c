import { GatehouseError, type CameraId, type Cancellable, type TierName } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { VideoUnit } from "../domain/access-unit.ts";
import type { KeyPicture, KeyPictures, Snapshot } from "../ports.ts";
import { recentKeyMs, sharedForMs } from "./snapshot-policy.ts";
import { Snapshots, type SnapshotRequest } from "./snapshots.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const patient = { signal: new AbortController().signal };
const decodeMs = 150;

const keyAt = (arrivedAt: number): KeyPicture => {
  const unit: VideoUnit = { kind: "video", timestamp: 0, key: true, nals: [], bytes: 0, arrivedAt };
  return { codec: "h264", unit };
};

/** Streams in memory whose key pictures come when told; their JPEGs say when they came and how wide they are. */
class FakePictures implements KeyPictures {
  decodable = true;
  decoded = 0;
  failure: GatehouseError | undefined;
  readonly live = new Map<TierName, KeyPicture>();
  readonly waiting: { readonly tier: TierName; readonly bring: (picture: KeyPicture) => void }[] = [];
  readonly #clock: TestClock;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  newest(_camera: CameraId, tier: TierName): KeyPicture | undefined {
    return this.live.get(tier);
  }

  next(_camera: CameraId, tier: TierName): Promise<KeyPicture> {
    return new Promise((bring) => this.waiting.push({ tier, bring }));
  }

  async toJpeg(picture: KeyPicture, width: number | undefined): Promise<Buffer> {
    if (this.failure !== undefined) throw this.failure;
    this.decoded += 1;
    await this.#clock.delay(decodeMs, patient);
    return Buffer.from(`${picture.unit.arrivedAt}/${width ?? "whole"}`);
  }
}

const setUp = ({ own = true, stream = false } = {}) => {
  const clock = new TestClock();
  const closing = new AbortController();
  const pictures = new FakePictures(clock);
  pictures.decodable = stream;
  const snapshots = new Snapshots({ clock, pictures, closing });
  const asked: {
    readonly tier: TierName;
    readonly answer: (snapshot: Snapshot) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const ask = (more: Partial<SnapshotRequest> = {}, cancel: Cancellable = patient): Promise<Snapshot> => {
    const tiers = more.tiers ?? ["main"];
    const take = (): Promise<Snapshot> =>
      new Promise((answer, fail) => asked.push({ tier: tiers[0] ?? "main", answer, fail }));
    return snapshots.get(
      { camera, tiers, width: undefined, fresh: false, own: own ? take : undefined, ...more },
      cancel,
    );
  };
  const picture = (capturedAt: number): Snapshot => ({ jpeg: Buffer.from([capturedAt]), capturedAt });
  const text = async (snapshot: Promise<Snapshot>): Promise<string> => (await snapshot).jpeg.toString();
  return { clock, closing, pictures, snapshots, asked, ask, picture, text, settle: () => clock.advance(0) };
};
const failed = (code: "camera-unreachable" | "transcode-failed" = "camera-unreachable"): GatehouseError =>
  new GatehouseError(code, "off");

describe("Snapshots of the camera's own", () => {
  it("ask the camera once for all who want a picture meanwhile", async () => {
    const { asked, ask, picture, settle } = setUp();
    const wanted = [ask(), ask({ width: 640 }), ask()];
    await settle();
    expect(asked).toHaveLength(1);
    asked[0]?.answer(picture(7));
    expect(await Promise.all(wanted)).toEqual([picture(7), picture(7), picture(7)]);
  });

  it("share a picture for 2 s with the time that it was taken, then take another", async () => {
    const { asked, ask, picture, settle, clock } = setUp();
    const first = ask();
    await settle();
    asked[0]?.answer(picture(1));
    await first;
    await clock.advance(sharedForMs);
    expect(await ask({ width: 320 })).toEqual(picture(1));
    await clock.advance(1);
    void ask();
    await settle();
    expect(asked).toHaveLength(2);
  });

  it("never have two requests at one camera, and do not hold up another camera", async () => {
    const { asked, ask, picture, settle } = setUp();
    const [main, sub] = [ask(), ask({ tiers: ["sub"] })];
    void ask({ camera: "cam-bbbbbbbbbbbbbbbb" as CameraId });
    await settle();
    expect(asked.map(({ tier }) => tier)).toEqual(["main", "main"]);
    asked[0]?.answer(picture(1));
    await main;
    await settle();
    expect(asked.map(({ tier }) => tier)).toEqual(["main", "main", "sub"]);
    asked[2]?.answer(picture(2));
    expect(await sub).toEqual(picture(2));
  });

  it("let one asker go without failing the others", async () => {
    const { asked, ask, picture, settle } = setUp();
    const controller = new AbortController();
    const impatient = ask({}, controller);
    const other = ask();
    await settle();
    controller.abort(new GatehouseError("aborted", "gone"));
    await expect(impatient).rejects.toMatchObject({ code: "aborted" });
    asked[0]?.answer(picture(3));
    expect(await other).toEqual(picture(3));
  });

  it("fail all who waited, keep no failure, and go on", async () => {
    const { asked, ask, picture, settle } = setUp();
    const failing = [ask(), ask()];
    const next = ask({ tiers: ["sub"] });
    await settle();
    asked[0]?.fail(failed());
    for (const one of failing) await expect(one).rejects.toMatchObject({ code: "camera-unreachable" });
    await settle();
    asked[1]?.answer(picture(4));
    expect(await next).toEqual(picture(4));
    void ask();
    await settle();
    expect(asked).toHaveLength(3);
  });

  it("ask nobody for one who is gone already", async () => {
    const { asked, ask } = setUp();
    const gone = { signal: AbortSignal.abort(new GatehouseError("aborted", "gone")) };
    await expect(ask({}, gone)).rejects.toThrow("gone");
    expect(asked).toEqual([]);
  });

  it("ask nobody any more once the gateway closes", async () => {
    const { asked, ask, settle, closing, picture } = setUp();
    const [first, second] = [ask(), ask({ tiers: ["sub"] })];
    await settle();
    closing.abort(new GatehouseError("aborted", "closing"));
    asked[0]?.answer(picture(1));
    await first;
    await expect(second).rejects.toThrow("closing");
    expect(asked).toHaveLength(1);
  });
});

describe("fresh snapshots", () => {
  it("are asked for anew, however young the last is", async () => {
    const { asked, ask, picture, settle } = setUp();
    const first = ask();
    await settle();
    asked[0]?.answer(picture(1));
    await first;
    const fresh = ask({ fresh: true });
    await settle();
    asked[1]?.answer(picture(2));
    expect(await fresh).toEqual(picture(2));
    expect(await ask()).toEqual(picture(2));
  });

  it("are shared among those who ask before the camera was asked, and not with those who come later", async () => {
    const { asked, ask, picture, settle } = setUp();
    const early = [ask({ fresh: true }), ask({ fresh: true })];
    await settle();
    const late = [ask({ fresh: true }), ask({ fresh: true }), ask()];
    await settle();
    expect(asked).toHaveLength(1);
    asked[0]?.answer(picture(1));
    expect(await Promise.all(early)).toEqual([picture(1), picture(1)]);
    await settle();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(picture(2));
    expect(await Promise.all(late)).toEqual([picture(2), picture(2), picture(2)]);
  });

  it("are the stream's next key picture where the camera has none, one for all who wait for it", async () => {
    const { ask, pictures, clock, settle, text } = setUp({ own: false, stream: true });
    pictures.live.set("main", keyAt(clock.monotonic()));
    const wanted = [ask({ fresh: true })];
    await settle();
    wanted.push(ask({ fresh: true }));
    await clock.advance(1_000);
    expect(pictures.waiting).toHaveLength(1);
    const came = clock.monotonic();
    pictures.waiting[0]?.bring(keyAt(came));
    await clock.advance(decodeMs);
    for (const one of wanted) expect(await text(one)).toBe(`${came}/whole`);
    expect(pictures.decoded).toBe(1);
  });
});

describe("snapshots of a stream", () => {
  it("show the key picture in memory, and say when it came, not when it was decoded", async () => {
    const { ask, pictures, clock } = setUp({ own: false, stream: true });
    pictures.live.set("main", keyAt(clock.monotonic() - 1_500));
    const wanted = ask();
    const capturedAt = clock.now() - 1_500;
    await clock.advance(decodeMs);
    expect(await wanted).toMatchObject({ capturedAt });
  });

  it("are decoded once for all who want that size meanwhile and for 2 s, and once for each size", async () => {
    const { ask, pictures, clock, text } = setUp({ own: false, stream: true });
    pictures.live.set("main", keyAt(7));
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    const wanted = [ask({ width: 640 }), ask({ width: 640 }), ask({ width: 320 })];
    await clock.advance(decodeMs);
    expect(await Promise.all(wanted.map(text))).toEqual([`${at}/640`, `${at}/640`, `${at}/320`]);
    await clock.advance(sharedForMs - decodeMs);
    expect(await text(ask({ width: 640 }))).toBe(`${at}/640`);
    expect(pictures.decoded).toBe(2);
  });

  it("are not decoded again before another key picture comes", async () => {
    const { ask, pictures, clock, text } = setUp({ own: false, stream: true });
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    const first = ask({ width: 640 });
    await clock.advance(decodeMs + sharedForMs);
    await first;
    await clock.advance(1);
    expect(await ask({ width: 640 })).toBe(await first);
    expect(pictures.decoded).toBe(1);
    const next = clock.monotonic() + sharedForMs + 1;
    await clock.advance(sharedForMs + 1);
    pictures.live.set("main", keyAt(next));
    const second = ask({ width: 640 });
    await clock.advance(decodeMs);
    expect(await text(second)).toBe(`${next}/640`);
  });

  it("are decoded once for askers of several tiers, and while it is being decoded", async () => {
    const { ask, pictures, clock, settle, text } = setUp({ own: false, stream: true });
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    const wanted = [ask({ width: 640 }), ask({ tiers: ["sub", "main"], width: 640 })];
    await settle();
    expect(pictures.decoded).toBe(1);
    pictures.live.set("sub", keyAt(at + 1));
    wanted.push(ask({ tiers: ["third", "sub", "main"], width: 640 }));
    await clock.advance(decodeMs);
    expect(await Promise.all(wanted.map(text))).toEqual([`${at}/640`, `${at}/640`, `${at + 1}/640`]);
    await clock.advance(sharedForMs + 1);
    expect(await text(ask({ width: 640 }))).toBe(`${at}/640`);
    expect(await text(ask({ tiers: ["sub", "main"], width: 640 }))).toBe(`${at + 1}/640`);
    expect(pictures.decoded).toBe(2);
  });

  it("are decoded again where that failed", async () => {
    const { ask, pictures, clock, settle, text } = setUp({ own: false, stream: true });
    pictures.next = () => Promise.reject(failed());
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    pictures.failure = failed("transcode-failed");
    const first = ask();
    await expect(first).rejects.toMatchObject({ code: "transcode-failed" });
    pictures.failure = undefined;
    const second = ask();
    await settle();
    await clock.advance(decodeMs);
    expect(await text(second)).toBe(`${at}/whole`);
  });

  it("come of the smallest live tier that is large enough, before any is connected", async () => {
    const { ask, pictures, clock, text } = setUp({ own: false, stream: true });
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    const wanted = ask({ tiers: ["third", "sub", "main"], width: 320 });
    await clock.advance(decodeMs);
    expect(await text(wanted)).toBe(`${at}/320`);
    expect(pictures.waiting).toEqual([]);
  });

  it("connect the tier that suits where none is live", async () => {
    const { ask, pictures, clock, settle, text } = setUp({ own: false, stream: true });
    const wanted = ask({ tiers: ["sub", "main"], width: 320 });
    await settle();
    expect(pictures.waiting.map(({ tier }) => tier)).toEqual(["sub"]);
    pictures.waiting[0]?.bring(keyAt(5));
    await clock.advance(decodeMs);
    expect(await text(wanted)).toBe("5/320");
  });

  it("take the camera's own place where that fails, in its size, and at once for a minute", async () => {
    const { ask, asked, pictures, clock, settle, text } = setUp({ stream: true });
    const at = clock.monotonic();
    pictures.live.set("main", keyAt(at));
    const first = ask({ width: 320 });
    await settle();
    asked[0]?.fail(failed());
    await clock.advance(decodeMs);
    expect(await text(first)).toBe(`${at}/whole`);
    await clock.advance(sharedForMs + 1);
    const second = ask({ width: 320 });
    await clock.advance(decodeMs);
    expect(await text(second)).toBe(`${at}/320`);
    expect(asked).toHaveLength(1);
    await clock.advance(60_000);
    pictures.live.set("main", keyAt(clock.monotonic()));
    void ask();
    await settle();
    expect(asked).toHaveLength(2);
  });

  it("give way to the camera's own where decoding fails", async () => {
    const { ask, asked, picture, pictures, clock, settle } = setUp({ stream: true });
    pictures.live.set("main", keyAt(clock.monotonic()));
    pictures.failure = failed("transcode-failed");
    const first = ask();
    await settle();
    asked[0]?.fail(failed());
    await expect(first).rejects.toMatchObject({ code: "camera-unreachable" });
    const second = ask();
    await settle();
    asked[1]?.answer(picture(9));
    expect(await second).toEqual(picture(9));
  });

  it("are taken of memory where the camera's own was slower the last time", async () => {
    const { ask, asked, picture, pictures, clock, settle, text } = setUp({ stream: true });
    const recent = (): void => void pictures.live.set("main", keyAt(clock.monotonic()));
    // The first of each way tells how long it takes.
    const slow = ask();
    await clock.advance(decodeMs + 1);
    asked[0]?.answer(picture(1));
    await slow;
    await clock.advance(sharedForMs + 1);
    const failing = ask();
    await settle();
    recent();
    asked[1]?.fail(failed());
    await settle();
    pictures.waiting[0]?.bring(keyAt(1));
    await clock.advance(decodeMs);
    await failing;
    await clock.advance(61_000);
    recent();
    const third = ask();
    await clock.advance(decodeMs);
    expect(await text(third)).toMatch(/\/whole$/);
    expect(asked).toHaveLength(2);
  });

  it("are an old key picture where no new one comes, with its age", async () => {
    const { ask, pictures, clock, settle } = setUp({ own: false, stream: true });
    const old = clock.monotonic() - recentKeyMs - 1;
    pictures.live.set("main", keyAt(old));
    pictures.next = () => Promise.reject(failed());
    const wanted = ask();
    await settle();
    await clock.advance(decodeMs);
    expect(await wanted).toMatchObject({ capturedAt: old });
  });

  it("are refused with what to install where nothing decodes and the camera has none", async () => {
    const { ask } = setUp({ own: false });
    await expect(ask()).rejects.toMatchObject({
      code: "snapshot-unsupported",
      remedy: expect.stringContaining("ffmpeg"),
    });
  });
});
