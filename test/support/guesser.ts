import { once } from "node:events";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";

export interface GuesserOptions {
  /** `host:port` of the gateway. */
  readonly address: string;
  /** PEM. */
  readonly authority: string;
  /** The loopback address that it comes from. */
  readonly from: string;
  readonly path: string;
  /** The next guess. */
  readonly guess: () => object;
}

/** Somebody who tries one secret after the other over one connection, as fast as it is answered. */
export class Guesser implements AsyncDisposable {
  /** How often each status was answered. */
  readonly answers = new Map<number, number>();
  readonly #options: GuesserOptions;
  readonly #agent: Agent;
  readonly #ended: Promise<void>;
  #stopping = false;

  constructor(options: GuesserOptions) {
    const { authority: ca, from: localAddress } = options;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress, ca, checkServerIdentity: () => undefined });
    this.#ended = this.#work();
  }

  get tried(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Waits for the last answer. Rejects with what went wrong with the connection. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#agent.destroy();
    await this.#ended.catch(() => undefined);
  }

  async #work(): Promise<void> {
    while (!this.#isStopping()) {
      const status = await this.#ask();
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    }
  }

  /** A function, because it changes while an answer is awaited. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  async #ask(): Promise<number> {
    const { address, path, guess } = this.#options;
    const [host, port] = address.split(":");
    const headers = { host: address, origin: `https://${address}`, "content-type": "application/json" };
    const asked = request({ method: "POST", host, port, path, headers, agent: this.#agent });
    asked.end(JSON.stringify(guess()));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode ?? 0;
  }
}
