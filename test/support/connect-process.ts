import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { compileCache } from "./compile-cache.ts";
import type { Command } from "./network-namespace.ts";
import { root } from "./repository.ts";

const main = join(root, "gateway-bridge/src/main.ts");

/** What `gatehouse connect` tells when it is connected. */
export interface Connected {
  readonly api: string;
  readonly rtsp: string;
  readonly credential: string;
}

export interface ConnectOptions {
  /** The device's folder. */
  readonly data: string;
  /** A command that runs it as its own: where it is. */
  readonly within: Command;
}

const start = ({ data, within }: ConnectOptions, args: readonly string[], input: string) => {
  const own = [process.execPath, "--conditions=source", main, "connect", ...args, "--data", data, "--json"];
  const [program, ...rest] = [...within, ...own];
  const child = spawn(program, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: data,
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
      ...compileCache,
    },
  });
  child.stdin.end(input);
  const complaints: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk.toString()));
  const first = Promise.withResolvers<string>();
  createInterface(child.stdout).once("line", first.resolve);
  child.once("close", (code) =>
    first.reject(new Error(`gatehouse connect ended with ${String(code)}: ${complaints.join("")}`)),
  );
  return { child, first: first.promise, complaints };
};

/** Makes the folder's owner a device of the gateway; `within` is to be at home. */
export const pairAtHome = async (options: ConnectOptions, pairingString: string): Promise<void> => {
  const { child, first } = start(options, ["pair", "-"], pairingString);
  const exited = once(child, "close");
  const line = await first;
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`gatehouse connect pair said ${line}`);
};

/** A real `gatehouse connect`, somewhere away. */
export class ConnectProcess implements AsyncDisposable {
  readonly told: Connected;
  readonly #child: ChildProcess;
  readonly #complaints: readonly string[];

  private constructor(child: ChildProcess, told: Connected, complaints: readonly string[]) {
    this.#child = child;
    this.told = told;
    this.#complaints = complaints;
  }

  /** Resolves when it is connected and signed in. */
  static async start(
    options: ConnectOptions,
    ports: { readonly api: number; readonly rtsp: number },
    signIn: { readonly loginName: string; readonly password: string; readonly code?: string },
  ): Promise<ConnectProcess> {
    const args = ["--password-stdin", "--api-port", String(ports.api), "--rtsp-port", String(ports.rtsp)];
    const { child, first, complaints } = start(options, args, JSON.stringify(signIn));
    const line = await first;
    const told = JSON.parse(line) as Partial<Connected>;
    // What went wrong is told by the same way.
    if (told.api === undefined) throw new Error(`gatehouse connect said ${line}`);
    return new ConnectProcess(child, told as Connected, complaints);
  }

  /** What it told people. */
  get complaints(): string {
    return this.#complaints.join("");
  }

  /** Of a camera, with the login in it. */
  rtspUrl(camera: string): string {
    return `${this.told.rtsp.replace("://", `://gatehouse:${this.told.credential}@`)}/${camera}/main`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
