import type { Browser, Locator, Page } from "playwright-core";

import { openChromium } from "./chromium.ts";
import type { NodeRedProcess } from "./node-red.ts";

interface EditorGlobals {
  readonly RED: { readonly sidebar: { readonly help: { show(type: string): void } } };
}

/** Node-RED's editor in a headless browser, signed in. */
export class NodeRedEditor implements AsyncDisposable {
  readonly page: Page;
  /** What the page complained of. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
  }

  static async open(nodeRed: NodeRedProcess): Promise<NodeRedEditor> {
    const open = async (page: Page, browser: Browser): Promise<NodeRedEditor> => {
      const editor = new NodeRedEditor(browser, page);
      await page.goto(nodeRed.url);
      await page.fill("#node-dialog-login-username", nodeRed.username);
      await page.fill("#node-dialog-login-password", nodeRed.password);
      // Node-RED asks without a token first, and is refused: nothing of ours.
      editor.complaints.length = 0;
      await page.click("#node-dialog-login-submit");
      await page.waitForSelector("#red-ui-palette-container .red-ui-palette-node");
      return editor;
    };
    return openChromium(open, { viewport: { width: 1_280, height: 800 } });
  }

  /** Opens a node's dialog, and resolves to it. By the keyboard: a double click is none to the editor where the browser is slow between its halves. */
  async edit(node: string): Promise<Locator> {
    await this.page.locator(`[id="${node}"]`).click();
    await this.page.keyboard.press("Enter");
    return this.#dialog("#node-input-name");
  }

  /** Opens the dialog of the config node that the open dialog names. */
  async editConfig(field: string): Promise<Locator> {
    await this.page.click(`#node-input-btn-${field}-edit`);
    return this.#dialog("#node-config-input-name");
  }

  /** Closes the dialog that is on top, as the Cancel button does. */
  async cancel(): Promise<void> {
    const button = this.page.locator("#node-config-dialog-cancel:visible, #node-dialog-cancel:visible").last();
    const id = await button.getAttribute("id");
    await button.click();
    await this.page.locator(`#${id ?? ""}`).waitFor({ state: "detached" });
  }

  /** The help that the editor shows for a type, once it begins with this text. */
  async help(type: string, text: string): Promise<Locator> {
    await this.page.evaluate((shown) => {
      (globalThis as unknown as EditorGlobals).RED.sidebar.help.show(shown);
    }, type);
    const help = this.page.locator(".red-ui-help", { hasText: text }).last();
    await help.getByRole("heading", { name: "Details" }).waitFor();
    return help;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }

  /** The dialog with this field, once it can be filled in. */
  async #dialog(field: string): Promise<Locator> {
    const dialog = this.page.locator(".red-ui-tray", { has: this.page.locator(field) });
    await dialog.locator(field).waitFor();
    return dialog;
  }
}
