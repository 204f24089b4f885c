import type { CameraId, MediaHealth, StreamHealth } from "@gatehouse/shared";
import { afterEach, describe, expect, it } from "@jest/globals";

import { GatewayMetrics, type MetricsSources } from "./gateway-metrics.ts";
import { parseExposition, type Family } from "./testing/parse-exposition.ts";

const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const other = "cam-bbbbbbbbbbbbbbbb" as CameraId;
const stream: StreamHealth = {
  camera: id,
  tier: "main",
  rendition: "camera",
  state: "live",
  video: {
    codec: "h264",
    width: 1920,
    height: 1080,
    level: 4,
    fps: 24.9,
    gopMs: 2_000,
    gopPictures: 50,
    longestGopMs: 10_000,
    shortestGopMs: 2_000,
    bFrames: false,
  },
  audio: "aac",
  bitrateKbps: 4_013,
  loss: 0.0125,
  packetsLost: 7,
  jitterMs: 3.4,
  transport: "udp",
  accessUnits: 1_000,
  bytes: 5_000_000,
  reconnects: 2,
  viewers: 3,
  dropped: 4,
  ringBytes: 1_048_576,
};
const cold: StreamHealth = {
  ...stream,
  tier: "sub",
  state: "idle",
  video: null,
  loss: null,
  jitterMs: null,
  viewers: 0,
};
const transcoder = { available: true, version: "5.1", sandbox: [], missing: [] };
const health: MediaHealth = {
  cameras: [
    {
      camera: id,
      streams: [stream, cold],
      warnings: [{ code: "smart-codec", message: 'A "quoted"\nmessage \\', remedy: "No." }],
    },
    { camera: other, streams: [], warnings: [] },
  ],
  transcoder,
};
const sources: MetricsSources = {
  version: "0.1.0",
  started: 1_700_000_000_000,
  health: () => health,
  cameras: () => [
    { id, state: { kind: "live", viewers: 1 } },
    { id: other, state: { kind: "offline", code: "camera-unreachable", message: "gone", remedy: "Look.", since: 1 } },
  ],
  sessions: () => ({ homekit: 2, rtsp: 0 }),
  doors: () => ({
    api: { known: 3, strangers: 40, ended: { crowded: 1_988, silent: 7 } },
    rtsp: { known: 1, strangers: 0, ended: { crowded: 0 } },
  }),
  guesses: () => ({ evaluated: 20, refused: 9_980 }),
  remote: () => ({
    ...{ connection: "connected", devices: 3, channels: 2, admittedChannels: 9, receivedBytes: 5_000, reconnects: 1 },
    refusedBy: { replayed: 4, "door-key": 1 },
  }),
};

let opened: GatewayMetrics | undefined;
afterEach(() => {
  opened?.[Symbol.dispose]();
  opened = undefined;
});
const open = (more: Partial<MetricsSources> = {}): GatewayMetrics =>
  (opened = new GatewayMetrics({ ...sources, ...more }));
const scrape = async (metrics: GatewayMetrics): Promise<ReadonlyMap<string, Family>> =>
  parseExposition((await metrics.render()).text);
const value = (families: ReadonlyMap<string, Family>, name: string, labels: Record<string, string> = {}) =>
  families
    .get(name)
    ?.samples.find(({ labels: own }) => Object.entries(labels).every(([key, text]) => own[key] === text))?.value;

describe("GatewayMetrics", () => {
  it("tells every stream's figures in base units", async () => {
    const families = await scrape(open());
    const of = (name: string, tier = "main") => value(families, `gatehouse_stream_${name}`, { camera: id, tier });
    expect({
      up: of("up"),
      rate: of("bytes_per_second"),
      frames: of("frames_per_second"),
      gop: of("keyframe_interval_seconds"),
      longest: of("keyframe_interval_longest_seconds"),
      loss: of("packet_loss_ratio"),
      jitter: of("jitter_seconds"),
      viewers: of("viewers"),
      buffer: of("buffer_bytes"),
      bytes: of("received_bytes_total"),
      units: of("received_units_total"),
      lost: of("lost_packets_total"),
      dropped: of("dropped_units_total"),
      reconnects: of("reconnects_total"),
    }).toEqual({
      up: 1,
      rate: 501_625,
      frames: 24.9,
      gop: 2,
      longest: 10,
      loss: 0.0125,
      jitter: 0.0034,
      viewers: 3,
      buffer: 1_048_576,
      bytes: 5_000_000,
      units: 1_000,
      lost: 7,
      dropped: 4,
      reconnects: 2,
    });
    expect(of("up", "sub")).toBe(0);
  });

  it("tells no figure where there is none, rather than a wrong one", async () => {
    const families = await scrape(open());
    for (const name of ["frames_per_second", "keyframe_interval_seconds", "packet_loss_ratio", "jitter_seconds"]) {
      expect(value(families, `gatehouse_stream_${name}`, { tier: "sub" })).toBeUndefined();
    }
  });

  it("tells which cameras are up, their warnings, the sessions, the transcoder and the version", async () => {
    const families = await scrape(open());
    expect(value(families, "gatehouse_camera_up", { camera: id })).toBe(1);
    expect(value(families, "gatehouse_camera_up", { camera: other })).toBe(0);
    expect(families.get("gatehouse_camera_warning")?.samples).toEqual([
      { name: "gatehouse_camera_warning", labels: { camera: id, code: "smart-codec" }, value: 1 },
    ]);
    expect(value(families, "gatehouse_sessions", { consumer: "homekit" })).toBe(2);
    expect(value(families, "gatehouse_sessions", { consumer: "rtsp" })).toBe(0);
    expect(value(families, "gatehouse_transcoder_up")).toBe(1);
    expect(value(families, "gatehouse_build_info", { version: "0.1.0" })).toBe(1);
  });

  it("tells who comes from away, by numbers alone", async () => {
    const families = await scrape(open());
    const states = families
      .get("gatehouse_remote_connection")
      ?.samples.map(({ labels, value: is }) => [labels["state"], is]);
    expect(states).toEqual([
      ["off", 0],
      ["connecting", 0],
      ["connected", 1],
      ["refused", 0],
    ]);
    const names = ["devices", "channels", "channels_total", "received_bytes_total", "reconnects_total"];
    expect(names.map((name) => value(families, `gatehouse_remote_${name}`))).toEqual([3, 2, 9, 5_000, 1]);
    expect(value(families, "gatehouse_remote_refused_total", { reason: "replayed" })).toBe(4);
    expect(value(families, "gatehouse_remote_refused_total", { reason: "door-key" })).toBe(1);
  });

  it("tells how full its doors are, whom it let go, and what was tried, and names nobody", async () => {
    const families = await scrape(open());
    const open_ = (door: string, state: string) => value(families, "gatehouse_connections", { door, state });
    expect([open_("api", "known"), open_("api", "stranger"), open_("rtsp", "known")]).toEqual([3, 40, 1]);
    const ended = (reason: string) => value(families, "gatehouse_connections_ended_total", { door: "api", reason });
    expect([ended("crowded"), ended("silent")]).toEqual([1_988, 7]);
    const guesses = (outcome: string) => value(families, "gatehouse_guesses_total", { outcome });
    expect([guesses("evaluated"), guesses("refused")]).toEqual([20, 9_980]);
  });

  it("tells of the process what dashboards know", async () => {
    const families = await scrape(open());
    expect(value(families, "process_start_time_seconds")).toBe(1_700_000_000);
    expect(value(families, "process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(value(families, "process_cpu_user_seconds_total")).toBeGreaterThan(0);
    expect(value(families, "nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
    expect([...families.keys()]).toEqual(expect.arrayContaining(["process_open_fds", "nodejs_heap_size_used_bytes"]));
  });

  it("forgets what is gone by the next scrape, and counts nothing twice", async () => {
    let now = health;
    const metrics = open({ health: () => now });
    await metrics.render();
    expect(value(await scrape(metrics), "gatehouse_stream_received_bytes_total", { tier: "main" })).toBe(5_000_000);
    now = { cameras: [], transcoder };
    const families = await scrape(metrics);
    expect(families.get("gatehouse_stream_received_bytes_total")?.samples).toEqual([]);
    expect(families.get("gatehouse_camera_warning")?.samples).toEqual([]);
  });

  it("answers two scrapes at once with whole figures both", async () => {
    const metrics = open();
    const [first, second] = await Promise.all([scrape(metrics), scrape(metrics)]);
    for (const families of [first, second]) {
      expect(value(families, "gatehouse_stream_received_bytes_total", { tier: "main" })).toBe(5_000_000);
    }
  });

  it("keeps to the format and to the field's rules for names, and shows nothing that somebody typed", async () => {
    const { contentType, text } = await open().render();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).not.toContain("quoted");
    const labels = new Set<string>();
    for (const [name, { type, help, samples }] of parseExposition(text)) {
      expect(name).toMatch(/^(gatehouse|process|nodejs)_[a-z0-9_]+$/);
      expect(help.length).toBeGreaterThan(5);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(name).not.toMatch(/_(ms|milliseconds|kbps|percent|kilobytes|megabytes)(_|$)/);
      for (const sample of samples) for (const label of Object.keys(sample.labels)) labels.add(label);
    }
    expect([...labels].toSorted()).toEqual([
      "camera",
      "code",
      "consumer",
      "door",
      "outcome",
      "reason",
      "rendition",
      "state",
      "tier",
      "version",
    ]);
  });

  it("stands beside another in one process", async () => {
    using first = new GatewayMetrics(sources);
    using second = new GatewayMetrics(sources);
    expect((await first.render()).text.length).toBeGreaterThan(1_000);
    expect((await second.render()).text.length).toBeGreaterThan(1_000);
  });
});

describe("the reader of the text format", () => {
  it.each<[string, string]>([
    ["a sample without a type", "a 1\n"],
    ["a last line without an end", "# HELP a b\n# TYPE a gauge\na 1"],
    ["a family in two places", "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n"],
    ["the same sample twice", '# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ["a label without quotes", "# TYPE a gauge\na{x=1} 1\n"],
    ["a value that is none", "# TYPE a gauge\na one\n"],
    ["an unknown type", "# TYPE a number\na 1\n"],
  ])("refuses %s", (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });

  it("reads labels with every escape", () => {
    const [sample] = parseExposition('# TYPE a gauge\na{x="q\\"b\\\\n\\n",y=""} +Inf\n').get("a")?.samples ?? [];
    expect(sample).toEqual({ name: "a", labels: { x: 'q"b\\n\n', y: "" }, value: Number.POSITIVE_INFINITY });
  });
});
