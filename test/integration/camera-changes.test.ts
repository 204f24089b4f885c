import { expect, it } from "@jest/globals";
import { CameraId, Secret, systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import type { AccessUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { Stream } from "../../gateway-bridge/src/media/stream.ts";
import { readSequence } from "../../gateway-bridge/src/protocols/nal/sequence.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { SimulatorProcess } from "../simulator/simulator-process.ts";
import type { SimulatorOptions } from "../simulator/simulator.ts";
import { readStamp } from "../simulator/stamp.ts";
import { eventually } from "../support/eventually.ts";

const never = { signal: new AbortController().signal };
const camera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");

/** A viewer of a simulated camera in a process of its own, that keeps all it is shown. */
const watch = async (resources: AsyncDisposableStack, options: SimulatorOptions) => {
  const simulator = await SimulatorProcess.start({ id: "porch", password: "correct horse", ...options });
  const log = new MemoryLogger();
  const open = createRtspSource({ clock: systemClock, log });
  const endpoint: StreamEndpoint = {
    ...{ camera, tier: "main", url: simulator.facts.rtspUrl, pin: null },
    credentials: { username: simulator.facts.username, password: Secret.of("correct horse") },
    auth: { floor: "none", raise: () => undefined },
  };
  const stream = resources.use(
    new Stream({
      ...{ camera, tier: "main", clock: systemClock, log, random: () => 0, lingerMs: 0, ringBytes: 8 << 20 },
      open: (cancel) => open(endpoint, cancel),
      onState: () => undefined,
    }),
  );
  const units: AccessUnit[] = [];
  const write = (unit: AccessUnit): boolean => units.push(unit) > 0;
  const session = resources.use(stream.join({ write, end: (error) => expect(error).toBeUndefined() }));
  session.resume();
  await stream.ready(never);
  return {
    simulator,
    stream,
    session,
    pictures: () => units.filter((unit): unit is VideoUnit => unit.kind === "video"),
  };
};

/** Width of a key picture by its own parameter set. */
const widthOf = (codec: "h264" | "h265", { nals }: VideoUnit): number | undefined =>
  nals.map((nal) => readSequence(codec, nal)?.width).find((width) => width !== undefined);

// They wait for pictures most of the time, each for its own camera's.
it.concurrent.each(["h264", "h265"] as const)(
  "keeps its viewers when a camera of %s changes its resolution",
  async (codec) => {
    await using resources = new AsyncDisposableStack();
    const { simulator, stream, session, pictures } = await watch(resources, { codec, bitrateKbps: 500 });
    resources.use(simulator);
    const keys = (): readonly VideoUnit[] => pictures().filter(({ key }) => key);
    const shows = (width: number) => () => keys().at(-1) !== undefined && widthOf(codec, keys().at(-1)!) === width;
    await eventually("the large picture", shows(1_920));
    await simulator.shrink(true);
    await eventually("the small picture", shows(640));
    const { video } = await stream.ready(never);
    expect(video.codec).toBe(codec);
    expect(readSequence(codec, video.parameterSets!.sps)).toMatchObject({ width: 640, height: 360 });
    await simulator.shrink(false);
    await eventually("the large picture again", shows(1_920));
    const frames = pictures().map(({ nals }) => readStamp(nals)!.frame);
    expect(frames).toEqual(frames.map((_, index) => frames[0]! + index));
    expect(session.dropped).toBe(0);
  },
);

it.concurrent("goes on with the other codec, and the sound, of a camera that came back with them", async () => {
  await using resources = new AsyncDisposableStack();
  const { simulator, stream, pictures } = await watch(resources, { codec: "h264", audio: "pcmu", bitrateKbps: 500 });
  expect(await stream.ready(never)).toMatchObject({ video: { codec: "h264" }, audio: { codec: "pcmu" } });
  await simulator.kill();
  // What it had sent before is read to its end.
  await eventually("the end of the connection", () => stream.state.kind !== "live");
  const before = pictures().length;
  const again = resources.use(await simulator.restart({ codec: "h265", audio: "aac" }));
  await eventually("pictures of the other codec", () => pictures().length > before + 5);
  expect(await stream.ready(never)).toMatchObject({
    video: { codec: "h265", parameterSets: { vps: expect.any(Buffer) } },
    audio: { codec: "aac", clockRate: 16_000, config: Buffer.of(0x14, 0x08) },
  });
  const shown = pictures();
  const first = shown[before]!;
  expect([first.key, widthOf("h265", first)]).toEqual([true, 1_920]);
  // On one timeline, whatever the cameras' own clocks say.
  expect(shown.every(({ timestamp }, index) => index === 0 || timestamp > shown[index - 1]!.timestamp)).toBe(true);
  expect((await again.counts()).rtspClients).toBe(1);
});
