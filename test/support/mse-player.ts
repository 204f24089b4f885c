import type { Browser, Page } from "playwright-core";

import { openChromium } from "./chromium.ts";

/** A frame that the browser presented. */
export interface PresentedFrame {
  /** Seconds. */
  readonly mediaTime: number;
  readonly presentedFrames: number;
  /** ms since the epoch. */
  readonly at: number;
  /** Of the simulator's stamp: the picture's number, and when it left the camera. */
  readonly frame?: number;
  readonly sentAt?: number;
}

export interface Playing {
  readonly starts: readonly { readonly mime: string; readonly width: number; readonly height: number }[];
  readonly ends: readonly unknown[];
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  readonly problems: readonly string[];
  readonly frames: readonly PresentedFrame[];
  /** By the page's own clock, in ms. */
  readonly openedAt: number;
  readonly firstFrameAt: number;
  readonly liveAt: number;
  readonly bytes: number;
  readonly seeks: number;
}

/** Chromium with the page that plays a live view. */
export class MsePlayer implements AsyncDisposable {
  readonly page: Page;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  static async open(pageUrl: string): Promise<MsePlayer> {
    return openChromium(async (page, browser) => {
      await page.goto(pageUrl);
      return new MsePlayer(browser, page);
    });
  }

  async play(url: string): Promise<void> {
    await this.page.evaluate(`play(${JSON.stringify(url)})`);
  }

  async playing(): Promise<Playing> {
    return this.page.evaluate<Playing>("playing");
  }

  /** Waits until an expression of the page is true. */
  async until(expression: string, timeout = 25_000): Promise<void> {
    await this.page.waitForFunction(expression, undefined, { timeout, polling: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
