import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { compileCache } from "./compile-cache.ts";
import { freePort } from "./free-port.ts";
import { root } from "./repository.ts";

const dieWithParent = new URL("./die-with-parent.ts", import.meta.url).href;
const run = promisify(execFile);

/** A node of a flow, as Node-RED's admin API takes it. */
export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

export interface NodeRedOptions {
  /** Node-RED's user folder; kept between starts. */
  readonly userDir: string;
  /** 0 for any free port. */
  readonly port?: number;
  readonly signal?: AbortSignal;
  /** Where nodes are looked for besides the user folder; the checkout by default. */
  readonly nodesDir?: string;
}

/** Bundles the nodes as they are published: about a second. */
export const buildNodes = async (): Promise<void> => {
  await run(process.execPath, [join(root, "node-red-nodes/build.js")], { cwd: root });
};

/** Settings of a Node-RED that stays on loopback and asks for a login; `viewer` may only read. */
const settingsFile = (port: number, passwordHash: string, nodesDir: string): string => `
const { createHash, timingSafeEqual } = require("node:crypto");
const digest = (text) => createHash("sha256").update(text).digest();
const users = { demo: { username: "demo", permissions: "*" }, viewer: { username: "viewer", permissions: "read" } };
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: ${port},
  flowFile: "flows.json",
  nodesDir: [${JSON.stringify(nodesDir)}],
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  externalModules: { palette: { allowInstall: false }, modules: { allowInstall: false } },
  adminAuth: {
    type: "credentials",
    users: async (name) => users[name] ?? null,
    authenticate: async (name, password) =>
      timingSafeEqual(digest(password), Buffer.from("${passwordHash}", "hex")) ? (users[name] ?? null) : null,
  },
  logging: { console: { level: "info", metrics: false, audit: false } },
};
`;

interface Saved {
  readonly port: number;
  readonly password: string;
}

/** A real Node-RED as a child process. */
export class NodeRedProcess implements AsyncDisposable {
  readonly url: string;
  readonly username = "demo";
  readonly password: string;
  readonly #child: ChildProcess;
  readonly #output: string[];
  #token: string | undefined;

  private constructor(child: ChildProcess, saved: Saved, output: string[]) {
    this.#child = child;
    this.#output = output;
    this.url = `http://127.0.0.1:${saved.port}`;
    this.password = saved.password;
  }

  /** Starts Node-RED on a new user folder, or again on one that was used before. Resolves once flows run. */
  static async start(options: NodeRedOptions): Promise<NodeRedProcess> {
    const { userDir } = options;
    await mkdir(userDir, { recursive: true });
    const settings = join(userDir, "settings.js");
    const saved = await NodeRedProcess.#settle(options);
    const passwordHash = createHash("sha256").update(saved.password).digest("hex");
    const nodesDir = options.nodesDir ?? join(root, "node-red-nodes");
    await writeFile(settings, settingsFile(saved.port, passwordHash, nodesDir));
    const child = spawn(
      process.execPath,
      [join(root, "node_modules/node-red/red.js"), "--userDir", userDir, "--settings", settings],
      {
        cwd: userDir,
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          HOME: userDir,
          ...compileCache,
          NO_UPDATE_NOTIFIER: "1",
          NODE_OPTIONS: `--import=${dieWithParent}`,
        },
      },
    );
    const output: string[] = [];
    await started(child, output, options.signal);
    return new NodeRedProcess(child, saved, output);
  }

  static async #settle({ userDir, port }: NodeRedOptions): Promise<Saved> {
    const file = join(userDir, "port-and-password.json");
    try {
      return JSON.parse(await readFile(file, "utf8")) as Saved;
    } catch {
      const saved = { port: port || (await freePort()), password: randomBytes(9).toString("base64url") };
      await writeFile(file, JSON.stringify(saved), { mode: 0o600 });
      return saved;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#output.join("");
  }

  /** Deploys flows as the editor's button does. A node's `credentials` are stored encrypted. */
  async deploy(flows: readonly FlowNode[]): Promise<void> {
    await this.#request("POST", "/flows", { flows });
  }

  async get(path: string): Promise<unknown> {
    return await this.#request("GET", path);
  }

  /** Presses an inject node's button, with these properties in the message. */
  async inject(id: string, message: Readonly<Record<string, string | number>> = {}): Promise<void> {
    const props = Object.entries(message).map(([p, v]) => ({ p, v, vt: typeof v === "number" ? "num" : "str" }));
    const token = (this.#token ??= await this.signIn());
    const response = await fetch(`${this.url}/inject/${id}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ __user_inject_props__: props }),
    });
    if (!response.ok) throw new Error(`Node-RED answered ${response.status} to the button of ${id}`);
  }

  /** An access token, as the editor gets one by its login page. */
  async signIn(username: "demo" | "viewer" = "demo"): Promise<string> {
    const { password } = this;
    const response = await fetch(`${this.url}/auth/token`, {
      method: "POST",
      body: new URLSearchParams({
        client_id: "node-red-admin",
        grant_type: "password",
        scope: username === "demo" ? "*" : "read",
        username,
        password,
      }),
    });
    if (!response.ok) throw new Error(`Node-RED refused the login: ${response.status}`);
    return ((await response.json()) as { access_token: string }).access_token;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #request(method: string, path: string, body?: unknown): Promise<unknown> {
    this.#token ??= await this.signIn();
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: "application/json",
        "content-type": "application/json",
        "node-red-api-version": "v2",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`Node-RED answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return response.status === 204 ? undefined : await response.json();
  }
}

const started = async (child: ChildProcess, output: string[], signal?: AbortSignal): Promise<void> => {
  const ready = Promise.withResolvers<undefined>();
  const take = (chunk: Buffer): void => {
    output.push(chunk.toString());
    if (output.length > 5_000) output.shift();
    // A piece may end in the middle of a word.
    if (/Started flows|Stopped flows/.test(output.slice(-2).join(""))) ready.resolve(undefined);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const fail = (why: string): void => ready.reject(new Error(`Node-RED ${why}:\n${output.join("")}`));
  child.once("exit", (code) => fail(`ended with ${String(code)}`));
  const timer = setTimeout(() => fail("was not up within 60 s"), 60_000);
  const abort = (): void => fail("was not wanted any more");
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await ready.promise;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
};
