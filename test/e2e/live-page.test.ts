import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import type { WebSocketRoute } from "playwright-core";

import { DoorHome, type DoorCamera } from "../support/door-home.ts";
import { LiveWatch } from "../support/live-watch.ts";
import { describeWith } from "../support/needs.ts";
import { takeHold } from "../support/take-hold.ts";
import type { PageClient } from "../support/page-client.ts";
import type { Visitor } from "../support/visitor.ts";

/** Media in a page that has none of Media Source Extensions, as on an older iPhone. */
const withoutMse = "delete globalThis.MediaSource; delete globalThis.ManagedMediaSource;";
/** A browser that lets no WebSocket through, as a phone does whose user clicked a warning about the certificate away. */
const withoutWebSockets = `globalThis.WebSocket = class {
  constructor() { setTimeout(() => this.onclose(new CloseEvent("close", { code: 1006 })), 10); }
  close() {}
};`;
/** A browser that plays nothing, not even without sound, before somebody touched the page: a phone that saves its battery. */
const withoutAutoplay = `
  let touched = false;
  addEventListener("click", () => (touched = true), { capture: true });
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    const refusal = new DOMException("not before a gesture", "NotAllowedError");
    return touched ? play.call(this) : Promise.reject(refusal);
  };`;
/** What the page is told when its tab is put behind another one, and when it is back. */
const setHidden = (hidden: boolean): string => `
  Object.defineProperty(document, "visibilityState", { configurable: true, value: "${hidden ? "hidden" : "visible"}" });
  document.dispatchEvent(new Event("visibilitychange"));`;

const nothing = { readyState: 0, videoWidth: 0, source: false, buffered: 0 };

const silent = "The camera sends no picture, waiting for it";

/**
 * Resolves once ten pictures in a row were shown within a second of being sent. A browser that is kept from its work shows some later, and then goes
 * on where live is: what stays behind is the page's fault.
 */
const isLive = async (watch: LiveWatch, withinMs = 25_000): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    await watch.next(10);
    const behind = Math.max(...(await watch.frames()).slice(-10).map(({ at, sentAt }) => at - sentAt));
    if (behind < 1_000) return;
    if (performance.now() > deadline) throw new Error(`after ${withinMs} ms what is shown is ${behind} ms old`);
  }
};

/** Resolves once that was said of the picture, if only for a moment; what was said before is not listened to. */
const wasSaid = async (watch: LiveWatch, words: string, before = 0): Promise<void> => {
  while (!(await watch.said()).slice(before).includes(words)) await pause(50);
};

describeWith(["chromium", "nssTools", "ffmpeg"], "the page with a camera's live picture", () => {
  const stack = new AsyncDisposableStack();
  let home: DoorHome;
  let camera: DoorCamera;
  let owner: PageClient;

  beforeAll(async () => {
    home = stack.use(await DoorHome.open({ cameras: ["Front door"] }));
    camera = home.camera("Front door");
    owner = await takeHold(home.gateway);
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  /** The page in a browser of its own, in which somebody is signed in. */
  const open = async (script = ""): Promise<{ readonly visitor: Visitor; readonly watch: LiveWatch }> => {
    const visitor = await home.signedIn(owner);
    if (script !== "") await visitor.page.addInitScript(script);
    const watch = new LiveWatch(visitor.page);
    return { visitor, watch };
  };
  const show = async ({ visitor, watch }: Awaited<ReturnType<typeof open>>): Promise<void> => {
    await visitor.page.goto(`${home.origin}/#/camera/${camera.id}`);
    await watch.begin();
    await said(visitor, "Live");
  };
  const said = (visitor: Visitor, words: string): Promise<void> =>
    visitor.page.locator(".live-status").getByText(words, { exact: true }).waitFor({ timeout: 40_000 });

  it("shows it as it comes, and is back at it after the page was kept from playing", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    await show({ visitor, watch });
    await watch.next(25);
    const frames = await watch.frames();
    expect(new Set(frames.map(({ camera: id }) => id))).toEqual(new Set([camera.simulator.id]));
    const numbers = frames.map(({ frame }) => frame);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    await isLive(watch);
    await visitor.page.evaluate("for (const until = Date.now() + 1_500; Date.now() < until; );");
    await watch.next(25);
    await isLive(watch);
    expect(visitor.complaints).toEqual([]);
  }, 120_000);

  it("leaves its element empty while it is hidden, and goes on afterwards", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    await show({ visitor, watch });
    await visitor.page.evaluate(setHidden(true));
    await said(visitor, "Paused while this page is hidden");
    expect(await watch.video()).toEqual(nothing);
    while ((await home.viewers(camera)) > 0) await pause(100);
    await visitor.page.evaluate(setHidden(false));
    await said(visitor, "Live");
    await isLive(watch);
  }, 120_000);

  it("says that the camera is away, and shows its pictures again by itself", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    await show({ visitor, watch });
    const before = (await watch.said()).length;
    await camera.simulator.refuse(true);
    await camera.simulator.reboot(0);
    await wasSaid(watch, silent, before);
    await camera.simulator.refuse(false);
    await said(visitor, "Live");
    await isLive(watch);
  }, 120_000);

  it("connects again by itself where the connection broke", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    const sockets: WebSocketRoute[] = [];
    await visitor.page.routeWebSocket(/\/live/, (socket) => {
      sockets.push(socket);
      socket.connectToServer();
    });
    await show({ visitor, watch });
    await sockets[0]?.close({ code: 1011 });
    await wasSaid(watch, "The connection broke, connecting again");
    await said(visitor, "Live");
    await watch.next(10);
    expect(sockets).toHaveLength(2);
    // A browser that is kept from its work for so long says between these that no picture comes.
    const words = (await watch.said()).filter((each) => each !== silent);
    expect(words.filter((each, index) => each !== words[index - 1]).slice(-4)).toEqual([
      "Live",
      "The connection broke, connecting again",
      "Connecting",
      "Live",
    ]);
    expect(visitor.complaints.length).toBeLessThanOrEqual(1);
  }, 120_000);

  it("connects again by itself where the gateway was away", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    await show({ visitor, watch });
    await home.restart(async () => {
      await said(visitor, "The gateway does not answer, trying again");
      expect(await watch.video()).toEqual(nothing);
    });
    await said(visitor, "Live");
    await isLive(watch);
  }, 120_000);

  it("asks for a click where the browser plays nothing by itself", async () => {
    const { visitor, watch } = await open(withoutAutoplay);
    await using _visitor = visitor;
    const { page } = visitor;
    await page.goto(`${home.origin}/#/camera/${camera.id}`);
    await said(visitor, "Your browser shows the picture when you ask for it");
    await watch.begin();
    await page.getByRole("button", { name: "Show the picture" }).click();
    await watch.next(10);
    await said(visitor, "Live");
    expect(visitor.complaints).toEqual([]);
  }, 120_000);

  it("is used by the keyboard alone, and says what stands at each control", async () => {
    const { visitor, watch } = await open();
    await using _visitor = visitor;
    await show({ visitor, watch });
    const { page } = visitor;
    const sound = page.getByRole("button", { name: "Sound" });
    await sound.waitFor();
    const heard = async (): Promise<unknown> => [
      await page.evaluate("!noted.video.muted"),
      await sound.getAttribute("aria-pressed"),
    ];
    expect(await heard()).toEqual([false, "false"]);
    for (let tabs = 0; tabs < 20; tabs += 1) {
      if ((await page.evaluate("document.activeElement.textContent")) === "Sound") break;
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await sound.and(page.locator("[aria-pressed=true]")).waitFor();
    expect(await heard()).toEqual([true, "true"]);
    expect(await visitor.faults()).toEqual([]);
  }, 120_000);

  it("shows it by WebRTC where WebSockets do not come through", async () => {
    const { visitor, watch } = await open(withoutWebSockets);
    await using _visitor = visitor;
    await show({ visitor, watch });
    await watch.next(25);
    expect(new Set(await watch.pixels()).size).toBeGreaterThan(8);
    expect(await visitor.page.evaluate("noted.video.srcObject instanceof MediaStream")).toBe(true);
  }, 120_000);

  it("shows it by WebRTC in a browser without Media Source Extensions, and nothing once the login has ended", async () => {
    const { visitor, watch } = await open(withoutMse);
    await using _visitor = visitor;
    await show({ visitor, watch });
    const pixels = await watch.pixels();
    expect(new Set(pixels).size).toBeGreaterThan(8);
    await watch.next(25);
    expect(await watch.pixels()).not.toEqual(pixels);
    expect(visitor.complaints).toEqual([]);
    let at = 0;
    const late = await watch.lateDuring(async () => {
      await owner.get({ method: "DELETE", path: "/v1/me/login" });
      at = Date.now();
      await said(visitor, "The owner has ended your view, or you signed out elsewhere");
    });
    const after = (await watch.emptied()) - at;
    console.log(
      `WebRTC: the element was empty ${after} ms after the end of the login, an answer took ${late} ms at most`,
    );
    expect(after).toBeLessThanOrEqual(1_000 + late);
    expect(await watch.video()).toEqual(nothing);
  }, 120_000);
});
