import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions } from "playwright-core";

import { launchChromium } from "./chromium.ts";
import { Visitor } from "./visitor.ts";

const run = promisify(execFile);

export interface HomeBrowserOptions {
  /** For what the browser keeps; it must be its own. */
  readonly folder: string;
  /** The authorities that its user installed, PEM, beside those that come with it. */
  readonly authorities: readonly string[];
  /** Names that lead to this box. */
  readonly hosts: readonly string[];
}

/**
 * Chromium on somebody's computer at home. Its user has installed the home's authority, and so it verifies the gateway as it
 * verifies everybody: nothing of TLS is switched off, without which passkeys would work here and nowhere else.
 */
export class HomeBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open({ folder, authorities, hosts }: HomeBrowserOptions): Promise<HomeBrowser> {
    await install(folder, authorities);
    const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(",");
    return new HomeBrowser(await launchChromium([`--host-resolver-rules=${rules}`], folder));
  }

  /** Somebody with a profile of its own: no cookie, and nothing else, is shared with others. */
  async visitor(options: BrowserContextOptions = {}): Promise<Visitor> {
    return Visitor.of(await this.#browser.newContext(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Puts authorities where Chromium looks for those of its user: an NSS database. */
const install = async (folder: string, authorities: readonly string[]): Promise<void> => {
  const database = join(folder, ".pki/nssdb");
  await mkdir(database, { recursive: true });
  const certutil = (...args: string[]) => run("/usr/bin/certutil", ["-d", `sql:${database}`, ...args]);
  await certutil("-N", "--empty-password");
  for (const [index, authority] of authorities.entries()) {
    const file = join(folder, `authority-${index}.pem`);
    await writeFile(file, authority);
    await certutil("-A", "-t", "C,,", "-n", `authority ${index}`, "-i", file);
  }
};
