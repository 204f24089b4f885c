import type { Page, WebSocket } from "playwright-core";

import { findBox } from "../../gateway-bridge/src/protocols/fmp4/testing/read-boxes.ts";
import { readStamp, type Stamp } from "../simulator/stamp.ts";

/** Runs in the page: notes what the browser shows of its one video, by the clock on the wall, when it is emptied, and what is said of it. */
const noteFrames = /* js */ `(() => {
  const video = document.querySelector("video");
  const status = document.querySelector(".live-status");
  const noted = { video, frames: [], emptied: [], said: [status.textContent] };
  new MutationObserver(() => noted.said.push(status.textContent)).observe(status, { childList: true });
  const onFrame = (_, { mediaTime }) => {
    noted.frames.push({ mediaTime, at: Date.now() });
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  video.addEventListener("emptied", () => noted.emptied.push(Date.now()));
  globalThis.noted = noted;
})()`;

/** Runs in the page: asks the gateway something plain, again and again, and notes how long each answer took. */
const askOn = /* js */ `(() => {
  const answers = [];
  let leaving = false;
  const asking = (async () => {
    while (!leaving) {
      const from = Date.now();
      await (await fetch("/v1/door", { cache: "no-store" })).text();
      answers.push({ from, to: Date.now() });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  noted.stopAsking = async () => {
    leaving = true;
    await asking;
    return answers;
  };
})()`;

/** Runs in the page: a few points of the picture as it is shown. */
const readPixels = /* js */ `(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [16, 9];
  const context = canvas.getContext("2d");
  context.drawImage(noted.video, 0, 0, 16, 9);
  return [...context.getImageData(0, 0, 16, 9).data];
})()`;

/** A picture that the browser showed. */
export interface ShownFrame extends Stamp {
  /** When, in ms since the epoch. */
  readonly at: number;
}

/** How it stands with the page's video element. */
export interface VideoState {
  readonly readyState: number;
  readonly videoWidth: number;
  readonly source: boolean;
  /** Seconds that could still be played. */
  readonly buffered: number;
}

/** What a page with a live view really shows: the simulator's stamps in what it is sent, and which of them the browser presents. */
export class LiveWatch {
  readonly #page: Page;
  /** By the time at which they are shown, ms of media time. */
  readonly #stamps = new Map<number, Stamp>();

  constructor(page: Page) {
    this.#page = page;
    page.on("websocket", (socket) => this.#listen(socket));
  }

  /** From now on the page notes what its video element shows. */
  async begin(): Promise<void> {
    await this.#page.waitForSelector("video");
    await this.#page.evaluate(noteFrames);
  }

  /** What was shown since then, each with the stamp of its picture. Throws for one that no camera sent. */
  async frames(): Promise<readonly ShownFrame[]> {
    const frames = await this.#page.evaluate<{ mediaTime: number; at: number }[]>("noted.frames");
    return frames.map(({ mediaTime, at }) => {
      const stamp = this.#stamps.get(Math.round(mediaTime * 1_000));
      if (stamp === undefined) throw new Error(`what is shown at ${mediaTime} s came from no camera`);
      return { ...stamp, at };
    });
  }

  /** Waits until that many more pictures have been shown. Asks from outside: the page's policy lets nobody evaluate a text in it. */
  async next(count: number, withinMs = 25_000): Promise<void> {
    const shown = (): Promise<number> => this.#page.evaluate<number>("noted.frames.length");
    const enough = (await shown()) + count;
    const deadline = performance.now() + withinMs;
    while ((await shown()) < enough) {
      if (performance.now() > deadline) throw new Error(`no ${count} pictures more within ${withinMs} ms`);
      await this.#page.waitForTimeout(20);
    }
  }

  /** When the element was last emptied, ms since the epoch; Infinity if it never was. */
  async emptied(): Promise<number> {
    return this.#page.evaluate<number>("noted.emptied.at(-1) ?? Infinity");
  }

  /**
   * Runs `work` while the page asks its gateway something plain, again and again.
   * @returns the longest that an answer took, ms: by so much a page, a gateway and what is between them are late in these moments, whatever they do
   */
  async lateDuring(work: () => Promise<void>): Promise<number> {
    await this.#page.evaluate(askOn);
    await work();
    const answers = await this.#page.evaluate<{ from: number; to: number }[]>("noted.stopAsking()");
    return Math.max(...answers.map(({ from, to }) => to - from));
  }

  /** What was said of the picture, all of it: some of it stands for a moment only. */
  async said(): Promise<readonly string[]> {
    return this.#page.evaluate<string[]>("noted.said");
  }

  async video(): Promise<VideoState> {
    return this.#page.evaluate<VideoState>(`(({ readyState, videoWidth, buffered, src, srcObject }) => ({
      readyState, videoWidth, source: src !== "" || srcObject !== null,
      buffered: buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - buffered.start(0),
    }))(noted.video)`);
  }

  async pixels(): Promise<readonly number[]> {
    return this.#page.evaluate<number[]>(readPixels);
  }

  #listen(socket: WebSocket): void {
    socket.on("framereceived", ({ payload }) => {
      if (typeof payload === "string" || payload.toString("latin1", 4, 8) !== "moof") return;
      const isPicture = findBox(payload, "moof", "traf", "tfhd").content.readUInt32BE(4) === 1;
      const stamp = isPicture ? readStamp(nalsOf(findBox(payload, "mdat").content)) : undefined;
      if (stamp !== undefined) this.#stamps.set(Math.round(shownAt(payload) * 1_000), stamp);
    });
  }
}

/** When a fragment of one picture is shown, in seconds: its decode time and its sample's offset. ISO/IEC 14496-12 8.8.12, 8.8.8 */
const shownAt = (fragment: Buffer): number => {
  const decodedAt = findBox(fragment, "moof", "traf", "tfdt").content.readBigUInt64BE(4);
  return (Number(decodedAt) + findBox(fragment, "moof", "traf", "trun").content.readInt32BE(24)) / 90_000;
};

const nalsOf = (data: Buffer): readonly Buffer[] => {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 <= data.length; at += 4 + data.readUInt32BE(at)) {
    nals.push(data.subarray(at + 4, at + 4 + data.readUInt32BE(at)));
  }
  return nals;
};
