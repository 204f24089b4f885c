import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { FirstRunCode } from "@gatehouse/shared";
import type { Locator, Page } from "playwright-core";

import { DoorHome } from "../support/door-home.ts";
import { freshCode } from "../support/fresh-code.ts";
import { describeWith } from "../support/needs.ts";
import type { Visitor } from "../support/visitor.ts";

/** A name that would be a script, were any page to make markup of it. */
const hostileName = `<img src=x onerror="document.title='owned'">`;
const password = "correct horse battery staple";

describeWith(["chromium", "nssTools", "ffmpeg"], "an owner who looks after the gateway's people", () => {
  const stack = new AsyncDisposableStack();
  let home: DoorHome;
  let owner: Visitor;
  let page: Page;

  beforeAll(async () => {
    home = stack.use(await DoorHome.open({ cameras: [hostileName] }));
    owner = stack.use(await home.browser.visitor());
    ({ page } = owner);
    page.setDefaultTimeout(40_000);
    await owner.addAuthenticator();
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  const heading = (name: string): Promise<void> => page.getByRole("heading", { name, level: 1 }).waitFor();
  const press = (name: string, within: Page | Locator = page): Promise<void> =>
    within.getByRole("button", { name, exact: true }).click();
  const open = async (name: string): Promise<void> => {
    await page.getByRole("link", { name, exact: true }).click();
    await heading(name);
  };
  const dialog = (name: string): Locator => page.getByRole("dialog", { name });
  const told = (text: string): Promise<void> => page.getByText(text).first().waitFor();
  const announced = (text: string): Promise<void> =>
    page.locator("#announcements").getByText(text).waitFor({ state: "attached" });

  it("comes in with the keyboard alone", async () => {
    const { code } = (await home.gateway.command(["first-run"])) as FirstRunCode;
    await page.goto(`${home.origin}/#first-run=${code}`);
    await heading("Welcome");
    // Past the link that skips to the content.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Zoë O'Neill");
    await page.keyboard.press("Enter");
    await heading("Hello Zoë O'Neill");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading("Cameras");
    expect(owner.complaints).toEqual([]);
  }, 90_000);

  it("sees what others named as they named it", async () => {
    await page.getByRole("heading", { name: hostileName, exact: true, level: 2 }).waitFor();
    expect(await page.title()).toBe("Cameras · Gatehouse");
    // As a program would that came in by a way of its own.
    const thrown = await page.evaluate<string>(`(() => {
      try { document.body.innerHTML = "<p>x</p>"; return "markup"; } catch (error) { return error.name; }
    })()`);
    expect(thrown).toBe("TypeError");
    expect(owner.complaints.splice(0).join()).toContain("TrustedHTML");
  }, 90_000);

  it("changes how she signs in, and cannot lock herself out", async () => {
    await open("My security");
    expect(await owner.faults()).toEqual([]);
    await press("Set a password");
    await page.getByLabel("New password").fill("password1");
    await press("Set the password");
    await told("on a list of those that everybody tries first");
    expect(await page.getByLabel("New password").getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("New password").fill(password);
    await press("Set the password");
    await announced("The password is set.");

    await press("Set up an app");
    const secret = (await page.locator("[data-secret=totp]").textContent())!.replaceAll(" ", "");
    await page.getByLabel("Code that the app shows").fill(await freshCode(secret));
    await press("Confirm");
    await announced("The authenticator is set up.");
    expect(await owner.faults()).toEqual([]);
    await press("Do without an app");
    await press("Do without", dialog("Do without an authenticator?"));
    await announced("The authenticator is removed.");

    await page.getByRole("button", { name: /^Remove the passkey / }).click();
    await press("Remove it");
    await told("You could not sign in any more without it.");
    // Refused: the weak password, and the passkey that is the second proof.
    expect(owner.complaints.splice(0)).toEqual([
      expect.stringContaining("status of 422"),
      expect.stringContaining("status of 409"),
    ]);
  }, 90_000);

  it("shows who she is once more where the gateway wants that, and invites somebody", async () => {
    await open("People");
    let asked = 0;
    await page.route("**/v1/people", (route) => {
      if (route.request().method() !== "POST" || (asked += 1) > 1) return route.continue();
      const error = { code: "step-up-required", message: "", retry: "never", remedy: "", details: {} };
      return route.fulfill({ status: 403, json: { error } });
    });
    await press("Invite a person");
    const invite = dialog("Invite a person");
    await invite.getByLabel("Name", { exact: true }).fill("Bob");
    await press("Make the invitation", invite);
    await told("Choose at least one camera.");
    await invite.getByLabel("All cameras, also those added later").check();
    await press("Make the invitation", invite);
    const stepUp = dialog("Show that it is you");
    await stepUp.waitFor();
    expect(await owner.faults()).toEqual([]);
    await press("Use a passkey", stepUp);
    await dialog("Invitation for Bob").waitFor();
    expect(await page.locator("[data-secret=link]").textContent()).toMatch(
      new RegExp(`^${home.origin}/#invite=[a-z2-7]{26}$`),
    );
    await press("Done");
    expect(asked).toBe(2);
    expect(owner.complaints.splice(0)).toEqual([expect.stringContaining("status of 403")]);
  }, 90_000);

  it("changes what somebody may see, and puts somebody out", async () => {
    const bob = page.getByRole("region", { name: "Bob" });
    await bob.getByText("All cameras: live picture, still pictures, events").waitFor();
    await press("Change what Bob may see");
    const change = dialog("Change Bob");
    await change.getByLabel("All cameras, also those added later").uncheck();
    await change.getByLabel(hostileName).check();
    await change.getByLabel("events").uncheck();
    expect(await owner.faults()).toEqual([]);
    await press("Change it", change);
    await bob.getByText(`${hostileName}: live picture, still pictures`, { exact: true }).waitFor();
    await press("Remove Bob");
    await press("Remove", dialog("Remove Bob?"));
    await announced("Bob is removed.");
    expect(await bob.count()).toBe(0);
    expect(await owner.faults()).toEqual([]);
    expect(owner.complaints).toEqual([]);
  }, 90_000);

  it("is told when her sign-in was ended elsewhere, and is nobody from then on", async () => {
    const [login] = (await home.gateway.command(["login", "list"])) as readonly { readonly id: string }[];
    await home.gateway.command(["login", "end", login!.id]);
    await page.getByRole("link", { name: "My security" }).click();
    await heading("Sign in");
    await told("You were signed out.");
    expect(await page.getByRole("navigation").count()).toBe(0);
    expect(await page.title()).toBe("Sign in · Gatehouse");
  }, 90_000);
});
