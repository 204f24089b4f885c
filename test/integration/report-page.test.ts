import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import type { CheckId, Finding, HomePosture } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";

import { htmlReport } from "../../gateway-bridge/src/posture/report/html-report.ts";
import { launchChromium } from "../support/chromium.ts";
import { describeWith } from "../support/needs.ts";

jest.setTimeout(60_000);

const camera = fakeCameraId("a");
const now = Date.UTC(2026, 10, 22);
const tally = { critical: 1, high: 1, medium: 0, low: 0, accepted: 1, unknown: 1 };
const hostile = `<img src="https://example.org/x.png" onerror="document.title='run'"><script>document.title='run'</script>`;
const acceptance = { reason: hostile, by: "who-aaaaaaaaaaaaaaaa", name: hostile, at: now, until: now } as NonNullable<
  Finding["acceptance"]
>;
const finding = (check: CheckId, more: Partial<Finding>): Finding => ({
  ...{ check, camera, status: "failed", severity: "critical", title: "A console is open", since: now, seen: now },
  ...{ why: ["Anybody may try it.", "It is in clear."], evidence: [hostile, "x".repeat(400)], provision: "5.6-1" },
  ...{ ncsc: null, remedies: [], guide: { page: "http://192.168.1.20/", steps: [hostile] }, note: null },
  ...{ acceptance: null, statement: null },
  ...more,
});
const findings = [
  finding("NET-TELNET", {}),
  finding("NET-FTP", { status: "accepted", severity: "high", acceptance }),
  finding("CAM-PWD-DEFAULT", { status: "passed", title: "The factory password still works" }),
  finding("WIFI-SSID-RENAMED", { status: "unknown", note: hostile }),
];
const trend = [{ at: now, grade: "F" as const, tally }];
const posture: HomePosture = {
  ...{ grade: "F", tally, findings, trend, next: null, advisories: { issued: now, rules: 1 } },
  cameras: [{ camera, name: "x".repeat(64), consent: true, grade: "F", tally, inspectedAt: now, findings, trend }],
  newcomers: [{ id: "new-aaaaaaaaaaaaaaaa" as never, address: "x".repeat(90), name: hostile, hardware: "", first: now, last: now, dismissed: false }], // prettier-ignore
};

interface Contrast {
  readonly ratio: number;
  readonly text: string;
}

/** In the page: the least contrast of a text with what is behind it, WCAG 2.2, 1.4.3; and whose that is. */
const leastContrast = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = channels(color).slice(0, 3).map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor;
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "");
  const contrasts = [...document.querySelectorAll("main *")].filter(hasText).map((element) => {
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    return { ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text: element.textContent.slice(0, 40) };
  });
  return contrasts.reduce((least, each) => (each.ratio < least.ratio ? each : least));
})()`;

describeWith(["chromium"], "the page to print, in a browser", () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    // The browser's last helpers may still write while it is cleared.
    folder = stack.adopt(await mkdtemp(join(tmpdir(), "gatehouse-report-")), (path) =>
      rm(path, { recursive: true, maxRetries: 10 }),
    );
    await writeFile(join(folder, "report.html"), htmlReport(posture, now));
    browser = stack.adopt(await launchChromium([], folder), (launched) => launched.close());
  });
  afterAll(() => stack.disposeAsync());

  it.each([
    [360, "light"],
    [360, "dark"],
    [1200, "light"],
    [1200, "dark"],
  ] as const)(
    "fits %i pixels, can be read, and runs and loads nothing of a camera's: %s",
    async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      const url = pathToFileURL(join(folder, "report.html")).href;
      await page.goto(url);
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
      const { ratio, text } = await page.evaluate<Contrast>(leastContrast);
      expect([text, ratio >= 4.5]).toEqual([text, true]);
      expect(await page.title()).toBe("Cameras: what is weak");
      expect(await page.locator("script, img, link, iframe, a, form").count()).toBe(0);
      expect(asked).toEqual([url]);
      // As a screen reader hears it.
      expect(await page.getByRole("heading", { level: 2 }).count()).toBe(4);
      expect(await page.getByRole("table", { name: "All else that was looked for" }).count()).toBe(2);
      expect(await page.getByRole("rowheader", { name: "CAM-PWD-DEFAULT" }).count()).toBe(2);
      await page.close();
    },
  );
});
