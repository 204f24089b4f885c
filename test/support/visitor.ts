import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { BrowserContext, CDPSession, Page } from "playwright-core";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
}

/** A phone by night and a computer by day: between them is nothing that neither shows. */
export const looks: readonly Look[] = [
  { width: 360, height: 740, colorScheme: "dark" },
  { width: 1_280, height: 800, colorScheme: "light" },
];

/** Runs in the page: what reaches beyond its right edge, where it can be scrolled sideways. */
const tooWide = /* js */ `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > clientWidth);
  return wide.map(({ tagName, className }) => tagName + " " + className + " ends beyond " + clientWidth + " px");
})()`;

/** Somebody with one page of a browser. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of: errors on its console (a refused policy is one), exceptions, requests that failed. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #devtools: CDPSession;

  private constructor(context: BrowserContext, page: Page, devtools: CDPSession) {
    this.#context = context;
    this.page = page;
    this.#devtools = devtools;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        this.complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // The page let go of it by itself.
      if (why !== "net::ERR_ABORTED") this.complaints.push(`${request.url()}: ${why}`);
    });
  }

  static async of(context: BrowserContext): Promise<Visitor> {
    const page = await context.newPage();
    return new Visitor(context, page, await context.newCDPSession(page));
  }

  /** Gives the computer an authenticator that keeps passkeys and knows its user, who always agrees. */
  async addAuthenticator(): Promise<void> {
    await this.#devtools.send("WebAuthn.enable");
    await this.#devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  /** What is wrong with the page as it stands, in each look: axe's rules, and what does not fit its width. */
  async faults(): Promise<readonly string[]> {
    const before = this.page.viewportSize();
    const found: string[] = [];
    for (const { colorScheme, ...size } of looks) {
      await this.page.setViewportSize(size);
      await this.page.emulateMedia({ colorScheme });
      const faults = [...(await this.#axe()), ...(await this.#overflow())];
      found.push(...faults.map((fault) => `${colorScheme}, ${size.width} px: ${fault}`));
    }
    if (before !== null) await this.page.setViewportSize(before);
    return found;
  }

  /** In a world of its own: the page's policy forbids every script but the page's, and that is not to be switched off for this. */
  async #axe(): Promise<readonly string[]> {
    const { frameTree } = await this.#devtools.send("Page.getFrameTree");
    const world = { frameId: frameTree.frame.id, worldName: "axe" };
    const { executionContextId: contextId } = await this.#devtools.send("Page.createIsolatedWorld", world);
    await this.#devtools.send("Runtime.evaluate", { expression: await readFile(axeFile, "utf8"), contextId });
    const expression = `axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(" | "))))`;
    const { result, exceptionDetails } = await this.#devtools.send("Runtime.evaluate", {
      ...{ expression, contextId, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails !== undefined) throw new Error(`axe failed: ${exceptionDetails.text}`);
    return result.value as string[];
  }

  async #overflow(): Promise<readonly string[]> {
    return this.page.evaluate<string[]>(tooWide);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
