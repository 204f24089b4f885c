import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { isGatehouseError } from "@gatehouse/shared";

import type { Talker } from "../../gateway-bridge/src/consumers/webrtc/talk.ts";
import type { WebRtcOffer } from "../../gateway-bridge/src/consumers/webrtc/webrtc-sessions.ts";
import { splitAnnexB } from "../../gateway-bridge/src/protocols/nal/annex-b.ts";
import { Simulator } from "../simulator/simulator.ts";
import { readStamp } from "../simulator/stamp.ts";
import { eventually } from "../support/eventually.ts";
import { GstRtspServer } from "../support/gst-rtsp-server.ts";
import { describeWith } from "../support/needs.ts";
import { WebRtcHome, type CameraAddress } from "../support/webrtc-home.ts";
import { WebRtcPage, type Watched } from "../support/webrtc-page.ts";

const never = { signal: new AbortController().signal };
const openAddresses = ["--disable-features=WebRtcHideLocalIpsWithMdns"];

const addressOf = ({ rtspUrl: url, username, password }: Simulator): CameraAddress => ({ url, username, password });

/** A page whose offers go to this home. */
const openPage = (
  home: WebRtcHome,
  args: readonly string[] = [],
  wish: Partial<WebRtcOffer> = {},
): Promise<WebRtcPage> =>
  WebRtcPage.open(async (sdp) => {
    const request = { principal: home.owner, camera: home.camera(), sdp, fromHere: true, ...wish };
    const { sdp: answer } = await home.sessions.offer(request, never);
    return answer;
  }, args);

const stamps = (heads: readonly Buffer[]) => heads.map((head) => readStamp(splitAnnexB(head)));

const ended = (home: WebRtcHome): unknown => home.log.lines.find(({ message }) => message === "WebRTC session ends");

const countRepairs = ({ repairs }: WebRtcHome): { readonly replays: number; readonly waits: number } => ({
  replays: repairs.filter(({ repair }) => repair === "replay").length,
  waits: repairs.filter(({ repair }) => repair === "wait").length,
});

const note = (what: string, { firstFrameMs }: Watched): void =>
  console.log(`${what}: first frame after ${Math.round(firstFrameMs ?? NaN)} ms`);

describeWith(["chromium"], "a browser that watches the simulated camera by WebRTC", () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await Simulator.open({ audio: "opus" });
  });
  afterAll(() => simulator[Symbol.asyncDispose]());

  it("shows its very pictures, each once and in order, though the browser hides its address", async () => {
    await using home = new WebRtcHome([addressOf(simulator)]);
    using _warm = home.streams.of(home.camera(), "main").hold();
    await home.streams.of(home.camera(), "main").ready(never);
    await using page = await openPage(home);
    await page.watch();
    const seen = await page.until(
      "pictures and sound",
      ({ framesDecoded, audioEnergy }) => framesDecoded > 75 && audioEnergy > 0,
    );
    note("simulator, warm", seen);
    expect(seen).toMatchObject({
      state: "connected",
      width: 1_920,
      height: 1_080,
      packetsLost: 0,
      audioCodec: "audio/opus",
    });
    const found = stamps(await page.undisturbed(75));
    expect(new Set(found.map((stamp) => stamp?.camera))).toEqual(new Set([simulator.id]));
    const [first = 0, ...rest] = found.map((stamp) => stamp?.frame ?? -1);
    expect(rest).toEqual(rest.map((_, index) => first + index + 1));
    expect(new Set(await page.pixels()).size).toBeGreaterThan(8);
  }, 60_000);

  it("is given every picture of 8 Mbit/s: its link is not taken for a narrow one", async () => {
    await using rich = await Simulator.open({ subBitrateKbps: 8_000, fill: "user-data" });
    // As many bytes as of the large picture, and few pixels: what is judged is the link, not how fast this box decodes.
    const small = { ...addressOf(rich), url: rich.rtspUrl.replace("/main", "/sub") };
    await using home = new WebRtcHome([small]);
    await using page = await openPage(home);
    await page.watch();
    const [first = 0, ...rest] = stamps(await page.undisturbed(250)).map((stamp) => stamp?.frame ?? -1);
    const { packetsReceived, packetsLost, pliCount } = await page.watched();
    expect(packetsReceived).toBeGreaterThan(5_000);
    expect(packetsLost).toBe(0);
    expect(rest).toEqual(rest.map((_, index) => first + index + 1));
    expect(home.log.lines.filter(({ message }) => message === "WebRTC viewer's link")).toEqual([]);
    await page.leave();
    await eventually("the session's end", () => home.sessions.count === 0);
    const { replays, waits } = countRepairs(home);
    expect(ended(home)).toMatchObject({ fields: { replays, waits, ...(waits === 0 && { dropped: 0 }) } });
    // Nothing is repaired that the browser did not ask for.
    expect(replays + waits).toBeLessThanOrEqual(pliCount);
  }, 60_000);

  it("ends its session when the page is left, and nothing of it remains", async () => {
    await using home = new WebRtcHome([addressOf(simulator)]);
    await using page = await openPage(home);
    await page.watch();
    await page.until("pictures", ({ framesDecoded }) => framesDecoded > 0);
    expect(home.sessions.count).toBe(1);
    await page.leave();
    await eventually("the session's end", () => home.sessions.count === 0);
    expect(home.streams.status().map(({ viewers }) => viewers)).toEqual([0]);
    expect(ended(home)).toMatchObject({ fields: { why: "the viewer left", dropped: 0 } });
  }, 60_000);

  it("sees nothing more once its principal was revoked", async () => {
    await using home = new WebRtcHome([addressOf(simulator)]);
    await using page = await openPage(home);
    await page.watch();
    await page.until("pictures", ({ framesDecoded }) => framesDecoded > 0);
    home.sessions.endAll({ principal: home.owner }, "the principal was revoked");
    expect([home.sessions.count, ...home.streams.status().map(({ viewers }) => viewers)]).toEqual([0, 0]);
    const { packetsReceived } = await page.until("the connection's end", ({ state }) => state !== "connected");
    expect((await page.watched()).packetsReceived).toBe(packetsReceived);
  }, 60_000);

  it.each([
    ["is sent the stored pictures again when it loses a key picture", 1, 0, "replay"],
    ["is left to the next key picture when it breaks down late in a long GOP", 1, 28, "wait"],
  ])(
    "%s, and goes on",
    async (_, count, from, repair) => {
      // The small picture, so that a busy box does not break down by itself.
      await using home = new WebRtcHome([{ ...addressOf(simulator), url: simulator.subRtspUrl }]);
      await using page = await openPage(home);
      await page.watch();
      // The second key picture tells how long a GOP is.
      await page.until("two GOPs", ({ framesDecoded }) => framesDecoded > 110);
      const spoiledAt = await page.spoil(count, from);
      await page.until("a request for a key picture", ({ pliCount }) => pliCount > 0);
      const since = () => home.repairs.filter(({ at }) => at >= spoiledAt);
      await eventually("a repair", () => since().length > 0);
      expect(since()[0]).toMatchObject({ repair });
      const { framesDecoded: before } = await page.watched();
      const seen = await page.until("pictures again", ({ framesDecoded }) => framesDecoded > before + 50);
      expect(seen.packetsLost).toBe(0);
      home.sessions.endAll({ principal: home.owner }, "enough was seen");
      await eventually("the session's end", () => ended(home) !== undefined);
      // One, unless a browser on a busy box broke down by itself, or goes on asking because it is slow to show what it was sent.
      const { repairs } = home;
      expect(ended(home)).toMatchObject({ fields: countRepairs(home) });
      expect(repairs.every(({ at }, index) => index === 0 || at - repairs[index - 1]!.at > 900)).toBe(true);
      const numbers = stamps(await page.heads()).map((stamp) => stamp?.frame);
      const again = numbers.filter((number, index) => numbers.indexOf(number) !== index);
      expect(again.length > 0).toBe(countRepairs(home).replays > 0);
      // Nothing was asked of the camera.
      expect(simulator.counts.rtspClients).toBe(1);
    },
    60_000,
  );

  it("is told once why it cannot be served without H.264, and others go on", async () => {
    await using home = new WebRtcHome([addressOf(simulator)]);
    let refusal: unknown;
    await using page = await WebRtcPage.open(async (sdp) => {
      const request = { principal: home.owner, camera: home.camera(), sdp, fromHere: true };
      const { sdp: answer } = await home.sessions.offer(request, never).catch((error: unknown) => {
        refusal = error;
        throw error;
      });
      return answer;
    });
    await expect(page.watch({ without: "H264" })).rejects.toThrow();
    expect(isGatehouseError(refusal) && refusal.code).toBe("codec-unsupported");
    expect(home.sessions.count).toBe(0);
    await page.watch();
    await page.until("pictures", ({ framesDecoded }) => framesDecoded > 25);
  }, 60_000);

  it("is served by werift where node-datachannel cannot be loaded", async () => {
    const missing = () => Promise.reject(new Error("no binary for this box"));
    const { weriftEngine } = await import("../../gateway-bridge/src/consumers/webrtc/werift-engine.ts");
    const loaders = { "node-datachannel": missing, werift: () => Promise.resolve(weriftEngine) };
    await using home = new WebRtcHome([addressOf(simulator)], { loaders });
    await using page = await openPage(home);
    await page.watch();
    const seen = await page.until("pictures", ({ framesDecoded }) => framesDecoded > 75);
    note("werift", seen);
    expect(seen).toMatchObject({ width: 1_920, packetsLost: 0 });
    expect(home.log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", message: "WebRTC engine cannot be used on this box" }),
    );
    await page.leave();
    await eventually("the session's end", () => home.sessions.count === 0);
  }, 60_000);

  it.each([
    ["hands on what it says, when it may talk", true],
    ["is not listened to, when it may not", false],
  ])(
    "%s",
    async (_, talk) => {
      const said: Buffer[] = [];
      const talkers: Talker[] = [];
      const openTalk = (talker: Talker) => {
        talkers.push(talker);
        return { write: (data: Buffer) => void said.push(data), [Symbol.dispose]: () => undefined };
      };
      await using home = new WebRtcHome([addressOf(simulator)], { openTalk });
      await using page = await openPage(home, [], { talk });
      await page.watch({ audio: "sendrecv" });
      await page.until(
        "pictures and sound",
        ({ framesDecoded, audioPackets }) => framesDecoded > 50 && audioPackets > 50,
      );
      expect(talkers.map(({ from }) => from.codec)).toEqual(talk ? ["opus"] : []);
      expect(said.length > 20).toBe(talk);
    },
    60_000,
  );
});

describeWith(["chromium", "gstreamer", "ffmpeg"], "a browser that watches GStreamer's camera by WebRTC", () => {
  let server: GstRtspServer;
  beforeAll(async () => {
    server = await GstRtspServer.open({ mounts: ["high-pcmu", "main", "baseline"] });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  it.each([
    ["high", "high-pcmu", "audio/PCMU"],
    ["main", "main", undefined],
    ["baseline", "baseline", undefined],
  ] as const)(
    "shows pictures of profile %s",
    async (_, mount, audioCodec) => {
      const { username, password } = server;
      await using home = new WebRtcHome([{ url: server.url(mount), username, password }]);
      await using page = await openPage(home, openAddresses);
      await page.watch();
      const seen = await page.until(
        "pictures",
        ({ framesDecoded, audioPackets }) => framesDecoded > 50 && (audioCodec === undefined || audioPackets > 50),
      );
      note(`GStreamer, ${mount}`, seen);
      expect(seen).toMatchObject({ state: "connected", packetsLost: 0 });
      expect(seen.width).toBeGreaterThan(0);
      if (audioCodec !== undefined) expect(seen.audioCodec).toBe(audioCodec);
    },
    60_000,
  );
});
