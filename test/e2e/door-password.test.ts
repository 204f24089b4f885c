import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { FirstRunCode } from "@gatehouse/shared";
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";

import { codeAt, nextStep } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import { DoorHome } from "../support/door-home.ts";
import { freshCode } from "../support/fresh-code.ts";
import { describeWith } from "../support/needs.ts";
import type { Visitor } from "../support/visitor.ts";

const password = "correct horse battery staple";

describeWith(
  ["chromium", "nssTools", "ffmpeg"],
  "an owner who comes by the gateway's address, where no passkeys are",
  () => {
    const stack = new AsyncDisposableStack();
    let home: DoorHome;
    let visitor: Visitor;
    let page: Page;
    let secret = "";
    let recovery: readonly string[] = [];
    /** Of 30 s; a code of an earlier one is not taken again. */
    let usedStep = 0;

    beforeAll(async () => {
      home = stack.use(await DoorHome.open({ cameras: [] }));
      visitor = stack.use(await home.browser.visitor());
      ({ page } = visitor);
      page.setDefaultTimeout(40_000);
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    const heading = (name: string): Promise<void> => page.getByRole("heading", { name, level: 1 }).waitFor();
    const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
    const type = (label: string, text: string): Promise<void> => page.getByLabel(label, { exact: true }).fill(text);
    const told = async (text: string): Promise<void> => page.getByText(text).first().waitFor();
    const signIn = async (code: string, secondPassword = password): Promise<void> => {
      await type("Name for signing in", "ann");
      await type("Password", secondPassword);
      await type("Code", code);
      await press("Sign in");
    };
    const signOut = async (): Promise<void> => {
      await press("Sign out");
      await heading("Sign in");
    };

    it("makes the gateway hers with a password and an authenticator", async () => {
      const { code } = (await home.gateway.command(["first-run"])) as FirstRunCode;
      await page.goto(`https://${home.gateway.address}/#first-run=${code}`);
      await heading("Welcome");
      expect(page.url()).not.toContain(code);
      await type("Your name", "Ann");
      await press("Make it mine");
      await heading("Hello Ann");
      expect(await page.getByRole("button", { name: /passkey/i }).count()).toBe(0);
      await type("New password", "password1");
      await press("Set the password");
      await told("on a list");
      await type("New password", password);
      await press("Set the password");

      await heading("A second proof");
      await press("Set up the app");
      secret = (await page.locator("[data-secret=totp]").textContent())!.replaceAll(" ", "");
      const now = Date.now();
      const right = codeAt(secret, now);
      await type("Code that the app shows", right === "000000" ? "000001" : "000000");
      await press("Confirm");
      await told("That is not the code of now.");
      expect(await visitor.faults()).toEqual([]);
      const shown = await freshCode(secret);
      usedStep = nextStep(Date.now());
      await type("Code that the app shows", shown);
      await press("Confirm");

      await heading("Should you lose your phone");
      await press("Make recovery codes");
      await told("They are shown only now.");
      recovery = await page.locator("[data-secret=recovery-code]").allTextContents();
      expect(new Set(recovery).size).toBe(10);
      await press("I have kept them");
      await heading("Cameras");
    }, 120_000);

    it("comes in again with a recovery code, once, and is told in plain words what does not let her in", async () => {
      await signOut();
      for (const [code, word] of [
        ["000000", password],
        [recovery[0]!, "wrong horse battery staple"],
      ] as const) {
        await signIn(code, word);
        await told("That did not let you in.");
      }
      expect(await visitor.faults()).toEqual([]);
      await signIn(recovery[0]!);
      await heading("Cameras");
      await signOut();
      await signIn(recovery[0]!);
      await told("That did not let you in.");
    }, 120_000);

    it("comes in again with the code that her authenticator shows", async () => {
      await delay(Math.max(0, usedStep - Date.now()));
      await signIn(await freshCode(secret));
      await heading("Cameras");
    }, 120_000);
  },
);
