import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { FirstRunCode } from "@gatehouse/shared";
import type { Page } from "playwright-core";

import { DoorHome, type DoorCamera } from "../support/door-home.ts";
import { LiveWatch } from "../support/live-watch.ts";
import { describeWith } from "../support/needs.ts";
import type { Visitor } from "../support/visitor.ts";

const heading = (page: Page, name: string): Promise<void> => page.getByRole("heading", { name, level: 1 }).waitFor();
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

/** The whole way through the pages, as people go it. */
describeWith(["chromium", "nssTools", "ffmpeg"], "an owner with a passkey, and a guest", () => {
  const stack = new AsyncDisposableStack();
  let home: DoorHome;
  let front: DoorCamera;
  let garden: DoorCamera;
  let owner: Visitor;
  let guest: Visitor;
  let ownersPicture: LiveWatch;
  let guestsPicture: LiveWatch;

  beforeAll(async () => {
    home = stack.use(await DoorHome.open({ cameras: ["Front door", "Garden"] }));
    [front, garden] = [home.camera("Front door"), home.camera("Garden")];
    const visit = async (): Promise<[Visitor, LiveWatch]> => {
      const visitor = stack.use(await home.browser.visitor());
      visitor.page.setDefaultTimeout(40_000);
      return [visitor, new LiveWatch(visitor.page)];
    };
    [owner, ownersPicture] = await visit();
    [guest, guestsPicture] = await visit();
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  const watch = async (visitor: Visitor, picture: LiveWatch, name: string): Promise<void> => {
    await visitor.page.getByRole("link", { name: `Watch ${name} live` }).click();
    await heading(visitor.page, name);
    await picture.begin();
    await picture.next(25);
  };

  it("takes hold of the gateway with the box's code and a passkey", async () => {
    const { page } = owner;
    await owner.addAuthenticator();
    const { code } = (await home.gateway.command(["first-run"])) as FirstRunCode;
    await page.goto(`${home.origin}/#first-run=${code}`);
    await heading(page, "Welcome");
    expect(page.url()).toBe(`${home.origin}/`);
    expect(await owner.faults()).toEqual([]);
    await page.getByLabel("Your name", { exact: true }).fill("Ann");
    await press(page, "Make it mine");
    await heading(page, "Hello Ann");
    expect(await owner.faults()).toEqual([]);
    await press(page, "Make a passkey");
    await heading(page, "Cameras");
    await page.getByRole("link", { name: "Watch Garden live" }).waitFor();
    expect(await owner.faults()).toEqual([]);
    // What she has shown is all that she needs from now on.
    await press(page, "Sign out");
    await heading(page, "Sign in");
    expect(await owner.faults()).toEqual([]);
    await press(page, "Sign in with a passkey");
    await heading(page, "Cameras");
    expect(owner.complaints).toEqual([]);
  }, 120_000);

  it("sees the very pictures that her camera sends, one after the other", async () => {
    await watch(owner, ownersPicture, "Front door");
    const before = await ownersPicture.pixels();
    await ownersPicture.next(25);
    const frames = await ownersPicture.frames();
    expect(new Set(frames.map(({ camera }) => camera))).toEqual(new Set([front.simulator.id]));
    const numbers = frames.map(({ frame }) => frame);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    // What is on the screen is a picture, and moves.
    expect(new Set(before).size).toBeGreaterThan(8);
    expect(await ownersPicture.pixels()).not.toEqual(before);
    expect(await owner.faults()).toEqual([]);
    expect(owner.complaints).toEqual([]);
  }, 120_000);

  it("lets a guest see one camera for an hour, who sees that one and nothing else", async () => {
    const { page } = owner;
    await page.getByRole("link", { name: "People" }).click();
    await heading(page, "People");
    await press(page, "Invite a guest");
    const dialog = page.getByRole("dialog", { name: "Invite a guest" });
    await dialog.getByLabel("Name", { exact: true }).fill("Sitter");
    await dialog.getByRole("button", { name: "1 hour" }).click();
    await dialog.getByLabel("Garden").check();
    expect(await owner.faults()).toEqual([]);
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const url = (await page.locator("[data-secret=link]").textContent())!;
    expect(url).toMatch(new RegExp(`^${home.origin}/#guest=`));
    expect(await owner.faults()).toEqual([]);
    await press(page, "Done");

    await guest.page.goto(url);
    await heading(guest.page, "You are invited");
    expect(await guest.faults()).toEqual([]);
    await press(guest.page, "Come in");
    await heading(guest.page, "Cameras");
    await guest.page.getByRole("link", { name: "Watch Garden live" }).waitFor();
    expect(await guest.page.getByRole("link", { name: /^Watch / }).count()).toBe(1);
    expect(await guest.page.getByRole("link", { name: "People" }).count()).toBe(0);
    expect(await guest.faults()).toEqual([]);
    await watch(guest, guestsPicture, "Garden");
    const shown = await guestsPicture.frames();
    expect(new Set(shown.map(({ camera }) => camera))).toEqual(new Set([garden.simulator.id]));
    expect(await guest.faults()).toEqual([]);
    expect(guest.complaints).toEqual([]);
    expect(owner.complaints).toEqual([]);
  }, 120_000);

  it("and is refused, from the very page, whatever the link does not say", async () => {
    const ask = (path: string, method = "GET"): Promise<number> =>
      guest.page.evaluate<number>(
        `fetch(${JSON.stringify(path)}, { method: "${method}" }).then(({ status }) => status)`,
      );
    const list = await guest.page.evaluate<string>(`fetch("/v1/cameras").then((answer) => answer.text())`);
    expect([list.includes(garden.id), list.includes(front.id), list.includes("Front door")]).toEqual([
      true,
      false,
      false,
    ]);
    for (const path of ["snapshot", "live", "clip"]) {
      expect([path, await ask(`/v1/cameras/${front.id}/${path}`)]).toEqual([path, 403]);
    }
    expect(await ask(`/v1/cameras/${garden.id}/snapshot?width=64`)).toBe(200);
    expect(await ask(`/v1/cameras/${garden.id}/clip`)).toBe(403);
    for (const path of ["/v1/people", "/v1/guest-links", "/v1/principals", "/v1/audit", "/v1/status"]) {
      expect([path, await ask(path)]).toEqual([path, 403]);
    }
    expect(await ask(`/v1/cameras/${garden.id}`, "DELETE")).toBe(403);
    const opened = await guest.page.evaluate<string>(`new Promise((resolve) => {
      const socket = new WebSocket("wss://" + location.host + "/v1/cameras/${front.id}/live");
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    })`);
    expect(opened).toBe("refused");
    guest.complaints.length = 0;
  }, 120_000);

  it("takes the guest's picture away within a second", async () => {
    const { page } = owner;
    await guestsPicture.next(5);
    let at = 0;
    const late = await guestsPicture.lateDuring(async () => {
      const revoked = page.waitForResponse((answer) => answer.request().method() === "DELETE").then(() => Date.now());
      await press(page, "End what Sitter sees");
      at = await revoked;
      await guest.page.locator(".live-status").getByText("The owner has ended your view", { exact: true }).waitFor();
    });
    const emptied = await guestsPicture.emptied();
    const last = (await guestsPicture.frames()).at(-1)!;
    console.log(
      `the guest's last picture ${last.at - at} ms, its element empty ${emptied - at} ms after the end of the right, an answer took ${late} ms at most`,
    );
    expect(emptied - at).toBeLessThanOrEqual(1_000 + late);
    expect(last.at - at).toBeLessThanOrEqual(1_000 + late);
    const nothing = { readyState: 0, videoWidth: 0, source: false, buffered: 0 };
    expect(await guestsPicture.video()).toEqual(nothing);
    // A connection in which pictures still waited is cut without a word; then the page asks, and the browser says what it was answered.
    const asking = new RegExp(`status of 401 .*/v1/cameras/${garden.id}/live\\)$`);
    expect(guest.complaints.filter((complaint) => !asking.test(complaint))).toEqual([]);

    // It was the right that ended: the owner watches the same camera on.
    await page.getByRole("link", { name: "Cameras" }).click();
    await watch(owner, ownersPicture, "Garden");
    expect(await guestsPicture.video()).toEqual(nothing);
    expect((await guestsPicture.frames()).at(-1)).toEqual(last);
    const answered = guest.page.waitForResponse((answer) => answer.url().endsWith(`/v1/cameras/${garden.id}/live`));
    await press(guest.page, "Try again");
    expect((await answered).status()).toBe(401);
    await guest.page.locator(".live-status").getByText("The owner has ended your view", { exact: true }).waitFor();
    expect(await guest.page.getByRole("button", { name: "Sign in" }).count()).toBe(0);
    expect(await guestsPicture.video()).toEqual(nothing);
    expect(owner.complaints).toEqual([]);
  }, 120_000);
});
