import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { compileCache } from "./compile-cache.ts";
import { root } from "./repository.ts";

const dieWithParent = new URL("./die-with-parent.ts", import.meta.url).href;
const processProbe = new URL("./process-probe.ts", import.meta.url).href;
const main = join(root, "gateway-bridge/src/main.ts");

export interface GatewayOptions {
  /** The gateway's data folder; kept between starts. */
  readonly data: string;
  /** What config.json holds; by default a free port on loopback. */
  readonly config?: object;
  /** How much it logs; without, as much as for anybody. */
  readonly logLevel?: string;
  /** A socket at which it tells what memory it holds. */
  readonly probe?: string;
  /** A command that runs the gateway as its own, such as one that gives it a network of its own. */
  readonly within?: readonly string[];
  /** The folder in which it finds what systemd gives to a service. */
  readonly credentials?: string;
  /** The folder of the release that it is told to be of. */
  readonly release?: string;
}

/** How a `gatehouse` command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one `gatehouse` command as a person would, in a process of its own. */
export const gatehouse = async (data: string, args: readonly string[], input = ""): Promise<CommandResult> => {
  const child = spawn(process.execPath, ["--conditions=source", main, ...args, "--data", data], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: data,
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
      ...compileCache,
    },
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, stdout: stdout.join(""), stderr: stderr.join("") };
};

/** The command's JSON answer; throws with what it said when it failed. */
export const gatehouseJson = async (data: string, args: readonly string[], input = ""): Promise<unknown> => {
  const { code, stdout, stderr } = await gatehouse(data, [...args, "--json"], input);
  if (code !== 0) throw new Error(`gatehouse ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
};

/** A real gateway as a child process: `gatehouse up`. */
export class GatewayProcess implements AsyncDisposable {
  readonly data: string;
  /** `host:port` that it listens on. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #log: string[];

  private constructor(
    child: ChildProcess,
    facts: { readonly data: string; readonly address: string; readonly log: string[] },
  ) {
    this.#child = child;
    this.data = facts.data;
    this.address = facts.address;
    this.#log = facts.log;
  }

  /** Resolves when it listens. A second start with the same folder is a restart, on the same port. */
  static async start({
    data,
    config,
    logLevel,
    probe,
    credentials,
    release,
    within = [],
  }: GatewayOptions): Promise<GatewayProcess> {
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (config !== undefined) await writeFile(join(data, "config.json"), JSON.stringify(config));
    const preloads = [dieWithParent, ...(probe === undefined ? [] : [processProbe])].map((file) => `--import=${file}`);
    const up = [process.execPath, "--conditions=source", main, "up", "--json", "--data", data];
    const [program = "", ...args] = [...within, ...up];
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: data,
        ...compileCache,
        ...(logLevel !== undefined && { GATEHOUSE_LOG: logLevel }),
        ...(probe !== undefined && { GATEHOUSE_PROBE: probe }),
        ...(credentials !== undefined && { CREDENTIALS_DIRECTORY: credentials }),
        ...(release !== undefined && { GATEHOUSE_RELEASE: release }),
        NODE_OPTIONS: ["--disable-warning=ExperimentalWarning", ...preloads].join(" "),
      },
    });
    const log: string[] = [];
    child.stderr.on("data", (chunk: Buffer) => {
      log.push(chunk.toString());
      if (log.length > 5_000) log.shift();
    });
    const ready = Promise.withResolvers<string>();
    createInterface(child.stdout).on("line", (line) => ready.resolve(line));
    child.once("close", (code) => ready.reject(new Error(`the gateway ended with ${String(code)}: ${log.join("")}`)));
    const { address } = JSON.parse(await ready.promise) as { readonly address: string };
    return new GatewayProcess(child, { data, address, log });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): string {
    return this.#log.join("");
  }

  /** Runs a `gatehouse` command against this gateway and answers its JSON. */
  async command(args: readonly string[], input = ""): Promise<unknown> {
    return await gatehouseJson(this.data, args, input);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGTERM");
  }
}
