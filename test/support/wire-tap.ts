import { spawn, type ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { Lookout } from "./lookout.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

/** Only to end what hangs. */
const withinMs = 25_000;
/** Where nobody listens: the discard protocol. RFC 863 */
const nowhere = "/dev/udp/127.0.0.1/9";

/** Takes down all that goes over the wires of a network, its loopback too, with tcpdump. */
export class WireTap implements AsyncDisposable {
  readonly #network: NetworkNamespace;
  readonly #tcpdump: ChildProcessByStdio<null, Readable, Readable>;
  readonly #chunks: Buffer[] = [];
  readonly #said: string[] = [];
  readonly #lookout = new Lookout();

  private constructor(network: NetworkNamespace, tcpdump: ChildProcessByStdio<null, Readable, Readable>) {
    this.#network = network;
    this.#tcpdump = tcpdump;
    tcpdump.stdout.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#lookout.look();
    });
    createInterface(tcpdump.stderr).on("line", (line) => {
      this.#said.push(line);
      this.#lookout.look();
    });
  }

  /** Resolves when nothing is missed any more. */
  static async open(network: NetworkNamespace): Promise<WireTap> {
    const listen = ["tcpdump", "-i", "any", "-s", "0", "-B", "32768", "-n", "-U", "-Z", "root", "-w", "-"];
    const [program, ...args] = [...network.within, ...listen];
    const tap = new WireTap(network, spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] }));
    await tap.#untilSaid("listening on");
    return tap;
  }

  /** Ends it; the capture. Throws where it missed something. */
  async stop(): Promise<Buffer> {
    // What it did not get round to is lost with it, so a last packet says when it has all.
    const last = randomUUID();
    await this.#network.run(`bash -c 'echo ${last} >${nowhere}'`);
    const isLast = (): true | undefined => (Buffer.concat(this.#chunks.slice(-2)).includes(last) ? true : undefined);
    await this.#lookout.until(isLast, () => "tcpdump has not all", withinMs);
    await this[Symbol.asyncDispose]();
    await this.#untilSaid("0 packets dropped by kernel");
    return Buffer.concat(this.#chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tcpdump.exitCode !== null || this.#tcpdump.signalCode !== null) return;
    const gone = once(this.#tcpdump, "close");
    this.#tcpdump.kill("SIGINT");
    await gone;
  }

  async #untilSaid(text: string): Promise<void> {
    const find = (): string | undefined => this.#said.find((line) => line.includes(text));
    await this.#lookout.until(find, () => `tcpdump said no "${text}": ${this.#said.join("; ")}`, withinMs);
  }
}
