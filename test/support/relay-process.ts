import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { compileCache } from "./compile-cache.ts";
import { freshCode } from "./fresh-code.ts";
import type { CommandResult } from "./gateway-process.ts";
import { root } from "./repository.ts";

const dieWithParent = new URL("./die-with-parent.ts", import.meta.url).href;
const main = join(root, "gateway-bridge/src/relay-main.ts");

const environment = (data: string): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: data, ...compileCache });

/** Runs one `gatehouse-relay` command as a person would, in a process of its own. */
export const gatehouseRelay = async (
  data: string,
  args: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> => {
  const child = spawn(process.execPath, ["--conditions=source", main, ...args, "--data", data], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...environment(data), NODE_OPTIONS: "--disable-warning=ExperimentalWarning", ...env },
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, stdout: stdout.join(""), stderr: stderr.join("") };
};

/** The command's JSON answer; throws with what it said when it failed. */
export const gatehouseRelayJson = async <T>(data: string, args: readonly string[], input = ""): Promise<T> => {
  const { code, stdout, stderr } = await gatehouseRelay(data, [...args, "--json"], { input });
  if (code !== 0) throw new Error(`gatehouse-relay ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
};

/** What `init` tells, once. */
export interface MadeRelay {
  readonly data: string;
  readonly relayKey: string;
  /** The first operator's key file. */
  readonly key: string;
  readonly totp: { readonly secret: string };
}

/** Makes a relay that listens on any port of loopback, unless `args` say otherwise. */
export const initRelay = async (data: string, args: readonly string[] = []): Promise<MadeRelay> => {
  const usual = ["--name", "relay.test", "--listen", "127.0.0.1:0", "--operator", "ada"];
  return gatehouseRelayJson<MadeRelay>(data, ["init", ...usual, ...args]);
};

export interface RelayProcessOptions {
  /** Where `init` made it; kept between starts. */
  readonly data: string;
  /** How much it logs; without, as much as for anybody. */
  readonly logLevel?: string;
  /** A command that runs it as its own, such as one that gives it a network of its own. */
  readonly within?: readonly string[];
}

/** A real relay as a child process: `gatehouse-relay up`. */
export class RelayProcess implements AsyncDisposable {
  readonly data: string;
  /** `host:port` that it listens on. */
  readonly address: string;
  /** The same of its measurements; null without any. */
  readonly metrics: string | null;
  /** Resolves with its exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #log: string[];

  private constructor(
    child: ChildProcess,
    facts: Pick<RelayProcess, "data" | "address" | "metrics" | "ended"> & { readonly log: string[] },
  ) {
    this.#child = child;
    ({ data: this.data, address: this.address, metrics: this.metrics, ended: this.ended, log: this.#log } = facts);
  }

  /** Resolves when it listens. */
  static async start({ data, logLevel, within = [] }: RelayProcessOptions): Promise<RelayProcess> {
    const up = [process.execPath, "--conditions=source", main, "up", "--json", "--data", data];
    const [program = "", ...args] = [...within, ...up];
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...environment(data),
        ...(logLevel !== undefined && { GATEHOUSE_LOG: logLevel }),
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${dieWithParent}`,
      },
    });
    const log: string[] = [];
    child.stderr.on("data", (chunk: Buffer) => {
      log.push(chunk.toString());
      if (log.length > 5_000) log.shift();
    });
    const ready = Promise.withResolvers<string>();
    createInterface(child.stdout).on("line", (line) => ready.resolve(line));
    const ended = once(child, "close").then(([code]) => code as number | null);
    void ended.then((code) => ready.reject(new Error(`the relay ended with ${String(code)}: ${log.join("")}`)));
    const { address, metrics } = JSON.parse(await ready.promise) as Pick<RelayProcess, "address" | "metrics">;
    return new RelayProcess(child, { data, address, metrics, ended, log });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): string {
    return this.#log.join("");
  }

  /** Runs a command of an operator's against this relay and answers its JSON. */
  async command<T = unknown>(args: readonly string[], input = ""): Promise<T> {
    return gatehouseRelayJson<T>(this.data, args, input);
  }

  /** With a code that was not used yet. */
  async signIn({ totp, key }: Pick<MadeRelay, "totp" | "key">): Promise<void> {
    await this.command(["sign-in", "--key", key, "--code-stdin"], await freshCode(totp.secret));
  }

  /** By who is signed in. */
  async invite(): Promise<string> {
    return (await this.command<{ readonly invite: string }>(["invite"])).invite;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGTERM");
  }
}
