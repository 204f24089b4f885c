import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";

import type { RtspPlayer } from "../bench/rtsp-player.ts";
import { descendants } from "../support/descendants.ts";
import { newlyOpen } from "../support/descriptors-of.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { WatchedHouse, type Watchers } from "../support/watched-house.ts";

const watched = 0;
const calm = 1;
/** Connections to one camera at most: of its events and what it is asked, and one of its stream. */
const eachCamera = 4 + 1;
const mebibyte = 2 ** 20;
/** How long a viewer that keeps up is looked at; 60 for the whole promise. */
const lossSeconds = Number(process.env["GATEHOUSE_LOSS_SECONDS"] ?? 10);

/**
 * A real gateway whose viewers do what viewers do: stop reading, vanish, come and go; and one on each way out that keeps up all the
 * time, as does one of another camera.
 */
describeWith(["ffmpeg"], "when viewers are faulty", () => {
  let house: WatchedHouse;
  let keepsUp: readonly [Watchers["rtsp"], Watchers["live"], Watchers["rtsp"]];
  let stuck: { readonly reader: RtspPlayer; readonly browser: WebSocket; readonly clip: IncomingMessage };
  let vanished: { readonly webrtc: Watchers["webrtc"]; readonly homekit: Watchers["homekit"] };
  let startedAt: number;

  const path = (rest: string): string => `/v1/cameras/${house.cameras[watched]!.id}/${rest}`;
  const sessions = async (): Promise<Readonly<Record<string, number>>> => {
    const { body } = await house.client.ask({ path: "/metrics" });
    const lines = body.toString().matchAll(/^gatehouse_sessions\{consumer="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...lines].map(([, name = "", count]) => [name, Number(count)]));
  };
  /** Asks again and again, without haste. */
  const until = async (what: string, holds: () => Promise<boolean>, withinMs = 30_000): Promise<void> => {
    const deadline = performance.now() + withinMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
      const { pictures } = keepsUp[2];
      await eventually("a moment", () => keepsUp[2].pictures > pictures + 2);
    }
  };
  /** Nobody who keeps up has noticed. */
  const othersLostNothing = async (): Promise<void> => {
    for (const { missing, steppedBack, ended } of keepsUp) {
      expect({ missing, steppedBack, ended }).toEqual({ missing: 0, steppedBack: 0 });
    }
    expect(await house.dropped(calm)).toBe(0);
  };

  beforeAll(async () => {
    const camera = { audio: "aac", fill: "user-data" } as const;
    house = await WatchedHouse.open([
      { ...camera, id: "watched", bitrateKbps: 1_000 },
      { ...camera, id: "calm", bitrateKbps: 500 },
    ]);
    keepsUp = [await house.watchRtsp(watched), await house.watchLive(watched), await house.watchRtsp(calm)];
    await eventually("pictures", () => keepsUp.every(({ pictures }) => pictures > 10));
    startedAt = performance.now();
  }, 60_000);
  afterAll(async () => {
    stuck.reader[Symbol.dispose]();
    stuck.browser.terminate();
    stuck.clip.destroy();
    const watches = [...keepsUp, ...Object.values(vanished)];
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
    await house[Symbol.asyncDispose]();
  });

  it("leaves nothing behind fifty viewers on each way out who come and go", async () => {
    const round = async (): Promise<void> => {
      const clip = house.client.ask({ path: path("clip?after=0") });
      const watching = await house.watchAll(watched);
      const all = [watching.rtsp, watching.webrtc, watching.live, watching.homekit];
      await eventually("a picture for each", () => all.every(({ pictures }) => pictures > 0));
      const { status, body } = await clip;
      expect([status, body.includes("moov")]).toEqual([200, true]);
      await Promise.all(all.map((watch) => watch[Symbol.asyncDispose]()));
    };
    const lane = async (rounds: number): Promise<void> => {
      for (let index = 0; index < rounds; index += 1) await round();
    };
    // Whatever is opened once for all of them, such as threads, is there then.
    await Promise.all([lane(1), lane(1), lane(1), lane(1)]);
    const before = await sessions();
    // The transcoder lingers for a second.
    await until("the transcoder's end", async () => (await descendants("ffmpeg")).length === 0);
    const open = await house.descriptors();
    await Promise.all([lane(12), lane(12), lane(13), lane(13)]);
    expect(before).toEqual({ homekit: 0, webrtc: 0, rtsp: 2, fmp4: 1, clip: 0 });
    await until("the same sessions", async () => JSON.stringify(await sessions()) === JSON.stringify(before));
    let more: readonly string[] = [];
    await until(
      "that nothing is open that was not",
      async () => (more = newlyOpen(open, await house.descriptors())).length === 0,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${more.join(", ")}`);
    });
    expect(await house.cameraConnections()).toBeLessThanOrEqual(house.cameras.length * eachCamera);
    expect(await descendants("ffmpeg")).toEqual([]);
    await othersLostNothing();
  }, 90_000);

  it("bounds what waits for viewers who stop reading, counts what they miss, and holds up nobody", async () => {
    const residentBytes = await house.residentBytes();
    const reader = await house.playRtsp(watched);
    const browser = await house.client.watch(path("live?tier=main"));
    browser.pause();
    const clip = await house.client.begin({ path: path("clip?after=60&tier=main") });
    stuck = { reader, browser, clip };
    vanished = { webrtc: await house.watchWebRtc(watched), homekit: await house.watchHomeKit(watched) };
    await eventually("pictures", () => Object.values(vanished).every(({ pictures }) => pictures > 0));
    await vanished.webrtc.receiver.vanish();
    vanished.homekit.silence();
    await house.simulators[watched]!.flood(150_000);
    await until("what was missed", async () => (await house.dropped(watched)) > 500, 40_000);
    expect((await house.residentBytes()) - residentBytes).toBeLessThan(150 * mebibyte);
    await house.simulators[watched]!.flood(0);
    await othersLostNothing();
  }, 60_000);

  it("lets one that reads again go on at a key picture", async () => {
    const { browser } = stuck;
    const film: Buffer[] = [];
    browser.on("message", (data: Buffer, binary) => {
      if (binary) film.push(data);
    });
    browser.resume();
    const { pictures } = keepsUp[1];
    await eventually("live pictures", () => keepsUp[1].pictures > pictures + 75 && film.length > 75);
    const sample = (fragment: Buffer): string => fragment.toString("latin1");
    expect(film.some((fragment) => sample(fragment).includes("watched"))).toBe(true);
    await othersLostNothing();
  });

  it("sends nothing more to those that do not come back, and forgets them", async () => {
    await until(
      "the end of who vanished, and of the clip that nobody read",
      async () => {
        const { webrtc, homekit, clip } = await sessions();
        return webrtc === 0 && homekit === 0 && clip === 0;
      },
      60_000,
    );
    expect(stuck.clip.complete).toBe(false);
    await othersLostNothing();
  }, 120_000);

  it(`has lost nothing for one that kept up all the time, ${lossSeconds} s or more`, async () => {
    await eventually("its time", () => performance.now() - startedAt > lossSeconds * 1_000, lossSeconds * 1_000);
    await othersLostNothing();
    const { pictures, frames, cameras } = keepsUp[2];
    expect([...cameras]).toEqual(["calm"]);
    expect(pictures).toBe(frames.length);
    expect(frames.at(-1)! - frames[0]!).toBe(frames.length - 1);
    await eventually("pictures still", () => keepsUp[2].pictures > pictures + 25);
  }, 120_000);
});
