import { chromium, type Browser, type Page } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface ChromiumOptions {
  readonly args?: readonly string[];
  /** Pixels. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Debian's Chromium without a window. `home`: the folder in which it looks for what its user keeps. */
export const launchChromium = (args: readonly string[], home?: string): Promise<Browser> =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: [...flags, ...args],
    ...(home !== undefined && { env: { ...process.env, HOME: home } }),
  });

/** What `open` makes of a page of Debian's Chromium, without a window. The browser is closed where that fails. */
export const openChromium = async <T>(
  open: (page: Page, browser: Browser) => Promise<T>,
  { args = [], viewport }: ChromiumOptions = {},
): Promise<T> => {
  const browser = await launchChromium(["--autoplay-policy=no-user-gesture-required", ...args]);
  try {
    return await open(await browser.newPage(viewport === undefined ? {} : { viewport }), browser);
  } catch (error) {
    await browser.close();
    throw error;
  }
};
