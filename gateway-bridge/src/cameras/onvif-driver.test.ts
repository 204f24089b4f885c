import { Secret, systemClock, type CameraId, type Clock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import {
  fault,
  hang,
  notification,
  password,
  profile,
  ScriptedCamera,
  username,
  type Operation,
} from "../protocols/onvif/testing/scripted-camera.ts";
import { freshMemories } from "./auth-memories.ts";
import { OnvifDriver } from "./onvif-driver.ts";

const cancel = { signal: new AbortController().signal };
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

interface SetUp {
  readonly operations?: Readonly<Record<string, Operation>>;
  readonly clock?: Clock;
  readonly secret?: string;
}
const setUp = async ({ operations = {}, clock = systemClock, secret = password }: SetUp = {}) => {
  const camera = resources.use(await ScriptedCamera.open({ login: "digest", operations }));
  const memories = freshMemories();
  const credentials = { username, password: Secret.of(secret) };
  const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
  const driver = resources.use(
    new OnvifDriver({ camera: id, url: camera.url, pin: null, credentials, memories, clock }),
  );
  return { camera, driver, memories };
};

describe("OnvifDriver", () => {
  it("describes the camera", async () => {
    const { driver } = await setUp();
    expect(await driver.describe(cancel)).toEqual({
      manufacturer: "Acme & Sons",
      model: "X",
      firmware: "5.10",
      serial: "00012345678901234567890",
      tiers: [
        { name: "main", codec: "h264", width: 1920, height: 1080, fps: 25 },
        { name: "sub", codec: "h264", width: 640, height: 360, fps: 25 },
      ],
      audio: "none",
      snapshot: true,
      motion: true,
      talk: false,
    });
  });

  it("prefers Media 2, and does without it where it fails", async () => {
    const services = (media2: Operation) => ({
      GetServices: () =>
        ["ver10/media", "ver20/media"]
          .map(
            (name) =>
              `<Service><Namespace>http://www.onvif.org/${name}/wsdl</Namespace><XAddr>/${name}</XAddr></Service>`,
          )
          .join("")
          .replace(/^.*$/s, "<r>$&</r>"),
      GetProfiles: ((request) =>
        request.path === "/ver20/media" ? media2(request) : `<r>${profile("one", [640, 360])}</r>`) as Operation,
    });
    const two = await setUp({
      operations: services(
        () =>
          `<r><Profiles token="two"><Configurations><VideoEncoder><Encoding>H264</Encoding></VideoEncoder></Configurations></Profiles></r>`,
      ),
    });
    two.camera.operations["GetStreamUri"] = () =>
      "<GetStreamUriResponse><Uri>rtsp://127.0.0.1/two</Uri></GetStreamUriResponse>";
    expect((await two.driver.endpoint("main", cancel)).url).toBe("rtsp://127.0.0.1/two");
    for (const failing of [() => fault("s:Receiver", "ter:Action", "broken"), () => "<r/>"] as const) {
      const { driver } = await setUp({ operations: services(failing) });
      expect((await driver.endpoint("main", cancel)).url).toContain("/one");
    }
  });

  it("asks once for all who want to know", async () => {
    const { driver, camera } = await setUp();
    await Promise.all([driver.endpoint("main", cancel), driver.endpoint("sub", cancel), driver.describe(cancel)]);
    expect(camera.asked("GetProfiles").filter(({ authorization }) => authorization !== undefined)).toHaveLength(1);
  });

  it("knows where a stream is without asking again, unless it was lost", async () => {
    const clock = new TestClock();
    const { driver, camera } = await setUp({ clock });
    const surveys = (): number =>
      camera.asked("GetDeviceInformation").filter(({ authorization }) => authorization !== undefined).length;
    await driver.endpoint("main", cancel);
    await clock.advance(5 * 60_000);
    await driver.endpoint("main", cancel);
    expect(surveys()).toBe(1);
    await clock.advance(1_000);
    await driver.endpoint("main", cancel);
    expect(surveys()).toBe(2);
  });

  it("goes by what it knew while the camera's ONVIF service is stuck", async () => {
    const clock = new TestClock();
    const { driver, camera } = await setUp({ clock });
    const { url } = await driver.endpoint("main", cancel);
    camera.operations["GetServices"] = () => fault("s:Receiver", "ter:Action", "stuck");
    camera.operations["GetCapabilities"] = () => fault("s:Receiver", "ter:Action", "stuck");
    await clock.advance(1_000);
    expect((await driver.endpoint("main", cancel)).url).toBe(url);
  });

  it("takes pictures of the tier that fits, logs in once, and raises what it remembers", async () => {
    const { driver, camera, memories } = await setUp();
    const before = systemClock.now();
    const { jpeg, capturedAt } = await driver.snapshot({}, cancel);
    await driver.snapshot({ width: 320, height: 180 }, cancel);
    expect(jpeg.subarray(0, 2).toString("hex")).toBe("ffd8");
    expect(capturedAt).toBeGreaterThanOrEqual(before);
    expect(camera.asked("GET").map(({ path, authorization }) => [path, authorization?.slice(0, 6)])).toEqual([
      ["/snapshot?profile=000", undefined],
      ["/snapshot?profile=000", "Digest"],
      ["/snapshot?profile=1.50", "Digest"],
    ]);
    expect([memories.snapshot.floor, memories.onvif.floor, memories.rtsp.floor]).toEqual([
      "digest-md5",
      "digest-md5",
      "none",
    ]);
  });

  it.each<[string, Operation, string]>([
    ["no JPEG", () => ({ raw: Buffer.from("<html>hello</html>") }), "camera-answer-malformed"],
    ["nothing", () => ({ raw: Buffer.alloc(0) }), "camera-answer-malformed"],
    ["an error", () => ({ status: 503 }), "camera-fault"],
    [
      "a redirect elsewhere",
      () => ({ status: 302, headers: { Location: "http://127.0.0.2/a.jpg" } }),
      "camera-foreign-host",
    ],
    ["more than 8 MiB", () => ({ raw: Buffer.alloc(9 << 20) }), "camera-answer-too-large"],
  ])("takes %s for no picture", async (_, answer, code) => {
    const { driver } = await setUp({ operations: { GET: answer } });
    await expect(driver.snapshot({}, cancel)).rejects.toMatchObject({ code });
  });

  it("says that there are no stills, and no such tier", async () => {
    const { driver } = await setUp({ operations: { GetSnapshotUri: () => fault("s:Receiver", "ter:Action", "none") } });
    await expect(driver.snapshot({}, cancel)).rejects.toMatchObject({ code: "snapshot-unsupported" });
    await expect(driver.endpoint("third", cancel)).rejects.toMatchObject({ code: "not-found" });
  });

  it("tries a wrong password once, for whatever it is wanted", async () => {
    const { driver, camera } = await setUp({ secret: "wrong" });
    const wanted = [
      () => driver.describe(cancel),
      () => driver.snapshot({}, cancel),
      () => driver.endpoint("main", cancel),
      () => driver.events(() => undefined, { ...cancel, healthy: () => undefined }),
    ];
    for (const want of wanted) await expect(want()).rejects.toMatchObject({ code: "camera-credentials" });
    expect(camera.wrongLogins).toBe(1);
  });

  it("tells of motion, and that it ended when the camera is lost", async () => {
    let pulls = 0;
    const heard: string[] = [];
    const { driver } = await setUp({
      operations: {
        PullMessages: () =>
          pulls++ === 0
            ? `<r>${notification("tns1:VideoSource/MotionAlarm", { State: "true" })}${notification("tns1:Device/Trigger", { State: "true" })}</r>`
            : hang,
      },
    });
    const controller = new AbortController();
    await expect(
      driver.events(
        ({ active, topic }) => {
          heard.push(`${active ? "on" : "off"} ${topic}`);
          controller.abort(new Error("enough"));
        },
        { signal: controller.signal, healthy: () => undefined },
      ),
    ).rejects.toThrow("enough");
    expect(heard).toEqual(["on VideoSource/MotionAlarm", "off VideoSource/MotionAlarm"]);
  });

  it("has no events where the camera has no event service", async () => {
    const { driver } = await setUp({
      operations: {
        GetServices: () => "<r><Service><Namespace>x</Namespace></Service></r>",
        GetCapabilities: () => "<r/>",
      },
    });
    await driver.events(() => undefined, { ...cancel, healthy: () => undefined });
  });

  it("stops a survey when it is closed", async () => {
    const { driver, camera } = await setUp({ operations: { GetServices: () => hang } });
    const describing = driver.describe(cancel);
    const failed = expect(describing).rejects.toMatchObject({ code: "aborted" });
    while (camera.asked("GetServices").length === 0) await new Promise((resolve) => setImmediate(resolve));
    await driver[Symbol.asyncDispose]();
    await failed;
  });
});
