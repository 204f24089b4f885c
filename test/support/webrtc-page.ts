import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";

import { openChromium } from "./chromium.ts";

const script = fileURLToPath(new URL("webrtc-watch.js", import.meta.url));

/** Exchanges an offer for an answer, as a WHEP server does. */
export type Whep = (sdp: string) => Promise<string>;

export interface WatchOptions {
  readonly audio?: "recvonly" | "sendrecv" | "none";
  /** Leaves out every format of the offer whose name contains this. */
  readonly without?: string;
}

/** What a page saw of its connection. */
export interface Watched {
  readonly state: string;
  readonly width: number;
  readonly height: number;
  readonly currentTime: number;
  readonly framesDecoded: number;
  readonly packetsLost: number;
  readonly packetsReceived: number;
  readonly audioPackets: number;
  readonly audioCodec: string | undefined;
  readonly audioEnergy: number;
  readonly pliCount: number;
  readonly nackCount: number;
  /** Milliseconds from the call to the first decoded frame. */
  readonly firstFrameMs: number | undefined;
  /** How many encoded pictures came out of the jitter buffer. */
  readonly pictures: number;
}

/** Pictures after which one that could not be decoded has been repaired: two GOPs of the simulator. */
const repairedWithin = 100;

/** What `webrtc-watch.js` puts into the page. */
interface PageGlobals {
  readonly watch: (options: WatchOptions) => Promise<void>;
  readonly watched: () => Promise<Watched>;
  readonly heads: (from: number) => readonly string[];
  readonly pixels: () => readonly number[];
  readonly spoil: (count: number, from: number) => Promise<number>;
  readonly leave: () => void;
}

/** A page in a headless browser that watches a camera. */
export class WebRtcPage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  static async open(whep: Whep, args: readonly string[] = []): Promise<WebRtcPage> {
    const open = async (page: Page, browser: Browser): Promise<WebRtcPage> => {
      await page.addInitScript({ path: script });
      await page.goto("data:text/html,<body></body>");
      await page.exposeFunction("whep", whep);
      return new WebRtcPage(browser, page);
    };
    return openChromium(open, { args });
  }

  /** Offers and plays; resolves when the answer was taken. */
  async watch(options: WatchOptions = {}): Promise<void> {
    await this.#page.evaluate((given) => (globalThis as unknown as PageGlobals).watch(given), options);
  }

  async watched(): Promise<Watched> {
    return this.#page.evaluate(async () => (globalThis as unknown as PageGlobals).watched());
  }

  /** Waits until what the page saw fulfils a condition, and resolves to it. */
  async until(what: string, condition: (watched: Watched) => boolean, withinMs = 25_000): Promise<Watched> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const watched = await this.watched();
      if (condition(watched)) return watched;
      if (performance.now() > deadline)
        throw new Error(`not within ${withinMs} ms: ${what}: ${JSON.stringify(watched)}`);
      await this.#page.waitForTimeout(50);
    }
  }

  /** The first bytes of each encoded picture, from the so-many-th on. */
  async heads(from = 0): Promise<readonly Buffer[]> {
    const heads = await this.#page.evaluate((given) => (globalThis as unknown as PageGlobals).heads(given), from);
    return heads.map((head) => Buffer.from(head, "base64"));
  }

  /**
   * Waits for so many pictures in a row during which the browser asked for no key picture. One on a busy box decodes too late, asks, and is
   * sent some again: what comes up to then is not judged. Resolves to the first bytes of each.
   */
  async undisturbed(count: number): Promise<readonly Buffer[]> {
    let [asked, from] = [0, 0];
    await this.until(
      `${count} pictures in a row`,
      ({ pictures, pliCount }) => {
        if (pliCount > asked) [asked, from] = [pliCount, pictures + repairedWithin];
        return pictures >= from + count;
      },
      40_000,
    );
    return this.heads(from);
  }

  /** Red, green and blue of a few points of the picture that is shown. */
  async pixels(): Promise<readonly number[]> {
    return this.#page.evaluate(() => (globalThis as unknown as PageGlobals).pixels());
  }

  /**
   * Lets the decoder have so many pictures with nothing in them, from the so-many-th after a key picture on, or from that itself. Resolves to
   * when the first of them was, ms since the epoch.
   */
  async spoil(count: number, from = 0): Promise<number> {
    const order = [count, from] as const;
    return this.#page.evaluate((given) => (globalThis as unknown as PageGlobals).spoil(...given), order);
  }

  /** Closes the connection as a page does that is left. */
  async leave(): Promise<void> {
    await this.#page.evaluate(() => (globalThis as unknown as PageGlobals).leave());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
