import { GatehouseError, isError, onAbort, untilAborted, type Cancellable } from "@gatehouse/shared";
import type { Authorization, Client, Order as LibraryOrder } from "acme-client";
import type { AxiosError } from "axios";
import { Agent } from "node:https";
import { z } from "zod";

import type { AcmeAccount, AcmeClient, AcmeOrder, DnsChallenge, OpenAcmeClient } from "./acme-client.ts";

/** For one exchange, and for the longest answer: a certificate with its chain. */
const exchangeMs = 15_000;
const longestAnswer = 256 << 10;
/** Of what an authority says about a refusal, so much is passed on. */
const longestReason = 300;

/** Of an order, what is gone by here. RFC 8555 7.1.3 */
const Order = z.object({
  url: z.string(),
  status: z.enum(["pending", "ready", "processing", "valid", "invalid"]),
  error: z.unknown().optional(),
});

/** An account by the library `acme-client`, which is loaded only where there is one. */
export const openAcmeLibrary: OpenAcmeClient = async (account) => {
  const { default: acme } = await import("acme-client");
  const agent = new Agent({ keepAlive: false, ...(account.authorities && { ca: [...account.authorities] }) });
  // The library has one HTTP client for all that it does, and a gateway has one account.
  const { defaults, interceptors } = acme.axios;
  Object.assign(defaults, { timeout: exchangeMs, maxContentLength: longestAnswer, maxRedirects: 0 });
  Object.assign(defaults, { proxy: false, httpsAgent: agent });
  // It would wait and try again by itself, on timers that nobody can end. The gateway tries again, by its own clock.
  interceptors.response.clear();
  interceptors.response.use(undefined, (error: AxiosError) => error.response ?? Promise.reject(error));
  return new LibraryClient(
    new acme.Client({ directoryUrl: account.directory, accountKey: account.key.reveal(), backoffAttempts: 1 }),
    { account, agent },
  );
};

class LibraryClient implements AcmeClient {
  readonly #client: Client;
  readonly #account: AcmeAccount;
  readonly #agent: Agent;
  /** What the library wants back of an order, which is more than what is kept of it. */
  readonly #orders = new Map<string, LibraryOrder>();

  constructor(client: Client, { account, agent }: { readonly account: AcmeAccount; readonly agent: Agent }) {
    this.#client = client;
    this.#account = account;
    this.#agent = agent;
  }

  async register(cancel: Cancellable): Promise<void> {
    const { email } = this.#account;
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    await this.#ask(this.#client.createAccount({ termsOfServiceAgreed: true, ...contact }), cancel);
  }

  async order(name: string, cancel: Cancellable): Promise<AcmeOrder> {
    return this.#keep(
      await this.#ask(this.#client.createOrder({ identifiers: [{ type: "dns", value: name }] }), cancel),
    );
  }

  async look(url: string, cancel: Cancellable): Promise<AcmeOrder | undefined> {
    try {
      return this.#keep(await this.#ask(this.#client.getOrder({ url } as LibraryOrder), cancel));
    } catch (error) {
      cancel.signal.throwIfAborted();
      if (isUnanswered(error)) throw error;
      // Authorities forget orders, and say so in many ways. RFC 8555 7.4
      return undefined;
    }
  }

  async challenge(order: AcmeOrder, cancel: Cancellable): Promise<DnsChallenge | undefined> {
    const [authorization] = await this.#ask(this.#client.getAuthorizations(this.#known(order)), cancel);
    if (authorization === undefined) throw failed("its order names nothing to show");
    if (authorization.status === "valid") return undefined;
    const wanted = authorization.challenges.find(({ type }) => type === "dns-01");
    if (authorization.status !== "pending" || wanted === undefined) throw failed(reasonOf(authorization));
    return { url: wanted.url, value: await this.#client.getChallengeKeyAuthorization(wanted) };
  }

  async answer({ url }: DnsChallenge, cancel: Cancellable): Promise<void> {
    const challenge = { url, type: "dns-01", status: "pending", token: "" } as const;
    await this.#ask(this.#client.completeChallenge(challenge), cancel);
  }

  async finalize(order: AcmeOrder, request: string, cancel: Cancellable): Promise<AcmeOrder> {
    return this.#keep(await this.#ask(this.#client.finalizeOrder(this.#known(order), request), cancel));
  }

  download(order: AcmeOrder, cancel: Cancellable): Promise<string> {
    return this.#ask(this.#client.getCertificate(this.#known(order)), cancel);
  }

  #keep(order: LibraryOrder): AcmeOrder {
    const parsed = Order.safeParse(order);
    if (!parsed.success) throw failed("its order is not what the protocol promises");
    const { url, status, error } = parsed.data;
    this.#orders.set(url, order);
    return { url, status, problem: error === undefined ? undefined : clean(JSON.stringify(error)) };
  }

  #known({ url }: AcmeOrder): LibraryOrder {
    const order = this.#orders.get(url);
    if (order === undefined) throw new TypeError(`${url} is an order that was never looked at`);
    return order;
  }

  /** The library knows no signals: what was asked ends with its connection. */
  async #ask<T>(asked: Promise<T>, { signal }: Cancellable): Promise<T> {
    using _end = onAbort(signal, () => this.#agent.destroy());
    try {
      return await untilAborted(signal, asked);
    } catch (error) {
      signal.throwIfAborted();
      throw failed(isError(error) ? error.message : String(error), error);
    }
  }
}

/** What the authority says is wrong with a name. */
const reasonOf = ({ status, challenges }: Authorization): string => {
  const problem = challenges.map(({ error }) => error).find((error) => error !== undefined);
  return `the name is ${status}${problem === undefined ? "" : `: ${JSON.stringify(problem)}`}`;
};

/** Whether nothing was answered at all, which says nothing about what was asked for. */
const isUnanswered = (error: unknown): boolean =>
  isError(error) && isError(error.cause) && "isAxiosError" in error.cause;

const clean = (text: string): string => text.slice(0, longestReason).replace(/\p{C}/gu, " ");

const failed = (why: string, cause?: unknown): GatehouseError =>
  new GatehouseError("certificate-failed", `the certificate authority did not do it: ${clean(why)}`, { cause });
