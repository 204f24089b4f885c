import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { compileCache } from "./compile-cache.ts";
import { freePort } from "./free-port.ts";
import { root } from "./repository.ts";

const preloads = ["./loopback-only.ts", "./die-with-parent.ts"].map((file) => new URL(file, import.meta.url).href);
const ready = /Homebridge v\S+ \(HAP v\S+\) \(.*\) is running on port (\d+)\./;
const startWithinMs = 60_000;
/** What hangs is killed; what is only slow must still write down what it knows. */
const stopWithinMs = 30_000;

export interface HomebridgeOptions {
  /** Homebridge's storage folder: pairings, accessories and config.json stay in it. */
  readonly storage: string;
  /** The entry of the Gatehouse platform. Left out, what config.json holds stays. */
  readonly platformConfig?: Readonly<Record<string, unknown>>;
  /** Looks like a MAC address; HomeKit's id of the bridge. */
  readonly username?: string;
  readonly pin?: string;
  /** Left out: the one of before, at first a free one, which nobody is given while it is down. */
  readonly port?: number;
  /** A folder with a package.json; by default our plugin from its TypeScript source. */
  readonly plugin?: string;
}

interface BridgeConfig {
  readonly name: string;
  readonly username: string;
  readonly pin: string;
  readonly port?: number;
  readonly bind: readonly string[];
  readonly advertiser: string;
}

interface Config {
  readonly bridge: BridgeConfig;
  readonly platforms: readonly Readonly<Record<string, unknown>>[];
}

/** A real Homebridge in a process of its own, which listens and advertises on loopback only. */
export class HomebridgeProcess implements AsyncDisposable {
  /** Every line that it wrote. */
  readonly lines: string[] = [];
  readonly #options: HomebridgeOptions;
  readonly #child: ChildProcess;
  #bridge: BridgeConfig;
  #watchers = new Set<() => void>();

  private constructor(options: HomebridgeOptions, child: ChildProcess, bridge: BridgeConfig) {
    this.#options = options;
    this.#child = child;
    this.#bridge = bridge;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        this.lines.push(line);
        for (const watcher of [...this.#watchers]) watcher();
      });
    }
    child.once("exit", () => {
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  /** Resolves when the bridge can be paired. */
  static async start(options: HomebridgeOptions): Promise<HomebridgeProcess> {
    const { bridge } = await writeConfig(options);
    const plugin = options.plugin ?? (await pluginFromSource(options.storage));
    const cli = join(root, "node_modules/homebridge/bin/homebridge.js");
    const args = [cli, "-U", options.storage, "-P", plugin, "--strict-plugin-resolution", "-Q", "-T"];
    const child = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: options.storage,
        ...compileCache,
        FORCE_COLOR: "0",
        NODE_OPTIONS: [
          "--conditions=source",
          "--disable-warning=ExperimentalWarning",
          ...preloads.map((file) => `--import=${file}`),
        ].join(" "),
      },
    });
    const homebridge = new HomebridgeProcess(options, child, bridge);
    try {
      const [, port] = await homebridge.logged(ready, startWithinMs);
      homebridge.#bridge = { ...bridge, port: Number(port) };
    } catch (error) {
      await homebridge.kill();
      throw error;
    }
    return homebridge;
  }

  /** Starts again with the same storage, port and pairings, after this one ended; config.json stays as it is unless told otherwise. */
  async restart(platformConfig?: HomebridgeOptions["platformConfig"]): Promise<HomebridgeProcess> {
    await this.stop();
    const { platformConfig: _first, ...options } = this.#options;
    return HomebridgeProcess.start({ ...options, ...(platformConfig && { platformConfig }), port: this.port });
  }

  get port(): number {
    return this.#bridge.port ?? 0;
  }

  get username(): string {
    return this.#bridge.username;
  }

  get pin(): string {
    return this.#bridge.pin;
  }

  /** `X-HM://…`, the content of the QR code. */
  get setupUri(): string {
    return this.lines.find((line) => line.startsWith("X-HM://")) ?? "";
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line that matches, once it is there. Rejects with the whole log if it does not come. */
  async logged(pattern: RegExp, withinMs = 25_000): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>();
    const fail = (why: string): void =>
      found.reject(new Error(`Homebridge ${why} before it logged ${String(pattern)}:\n${this.lines.join("\n")}`));
    const look = (): void => {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) found.resolve(match);
      }
      if (!this.running) fail("ended");
    };
    const timer = setTimeout(() => fail(`took over ${withinMs} ms`), withinMs);
    this.#watchers.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  /** Ends it as an orderly shutdown does. */
  async stop(): Promise<void> {
    await this.kill("SIGTERM");
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill("SIGKILL"), stopWithinMs);
    await ended;
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** What config.json holds for the platform now. */
export const platformConfigIn = async (storage: string): Promise<Readonly<Record<string, unknown>>> => {
  const config = JSON.parse(await readFile(join(storage, "config.json"), "utf8")) as Config;
  return config.platforms[0] ?? {};
};

const writeConfig = async (options: Omit<HomebridgeOptions, "plugin">): Promise<Config> => {
  await mkdir(options.storage, { recursive: true });
  const path = join(options.storage, "config.json");
  const before = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as Config,
    () => undefined,
  );
  const bridge: BridgeConfig = {
    name: "Gatehouse Test",
    username: "0E:47:48:00:00:01",
    pin: "031-45-154",
    bind: ["127.0.0.1"],
    advertiser: "ciao",
    port: before?.bridge.port ?? options.port ?? (await freePort()),
    ...before?.bridge,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.pin !== undefined && { pin: options.pin }),
    ...(options.port !== undefined && { port: options.port }),
  };
  const platforms =
    options.platformConfig === undefined
      ? (before?.platforms ?? [])
      : [{ platform: "Gatehouse", name: "Gatehouse", ...options.platformConfig }];
  const config: Config = { bridge, platforms };
  await writeFile(path, JSON.stringify(config, null, 4), { mode: 0o600 });
  return config;
};

/**
 * Homebridge imports the file that a plugin's package.json names and knows nothing of export conditions. So it gets a folder
 * with our package.json whose main file passes our source on; Node strips its types.
 */
const pluginFromSource = async (storage: string): Promise<string> => {
  const own = join(root, "homebridge-plugin");
  const folder = join(storage, "plugin-from-source");
  await mkdir(folder, { recursive: true });
  const { exports: _exports, ...manifest } = JSON.parse(await readFile(join(own, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  await writeFile(join(folder, "package.json"), JSON.stringify({ ...manifest, main: "./index.js" }));
  const source = pathToFileURL(join(own, "src/index.ts")).href;
  await writeFile(join(folder, "index.js"), `export { default } from ${JSON.stringify(source)};\n`);
  return folder;
};
