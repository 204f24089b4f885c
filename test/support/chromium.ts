import { chromium, type Browser, type Page } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

export interface ChromiumOptions {
  readonly args?: readonly string[];
  /** Pixels. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** What `open` makes of a page of Debian's Chromium, without a window. The browser is closed where that fails. */
export const openChromium = async <T>(
  open: (page: Page, browser: Browser) => Promise<T>,
  { args = [], viewport }: ChromiumOptions = {},
): Promise<T> => {
  const executablePath = "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, headless: true, args: [...flags, ...args] });
  try {
    return await open(await browser.newPage(viewport === undefined ? {} : { viewport }), browser);
  } catch (error) {
    await browser.close();
    throw error;
  }
};
