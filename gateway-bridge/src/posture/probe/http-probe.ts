import { GatehouseError, isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";
import type { IncomingHttpHeaders } from "node:http";

import { HttpClient } from "../../protocols/http/http-client.ts";
import type { CameraGate } from "./probe-budget.ts";
import { counted, unasked, type LoginInUse, type ProbeLogins } from "./probe-logins.ts";
import type { BodyLogin, HttpAnswer, HttpProbe, ProbeLogin } from "./probed-camera.ts";
import { readPin } from "./tls-handshake.ts";

export interface GuardedHttpOptions {
  /** Where the camera's pages are, unless told: the device service's scheme and port. */
  readonly page: URL;
  /** The camera's own key, as it was confirmed. */
  readonly pin: string | null;
  readonly gate: CameraGate;
  readonly logins: ProbeLogins;
  readonly clock: Clock;
}

type HttpQuestion = Parameters<HttpProbe["request"]>[0];

const longestBody = 64 * 1024;

/** HTTP to one camera, through the budget. Nothing is followed, and what is too long is cut off. */
export class GuardedHttp implements HttpProbe {
  readonly #options: GuardedHttpOptions;
  /** Keys that servers without a confirmed one showed, by port. */
  readonly #shown = new Map<number, Promise<string>>();

  constructor(options: GuardedHttpOptions) {
    this.#options = options;
  }

  /** A guess that the camera does not ask for fails with `camera-fault` (details.unasked): it proves nothing. */
  async request(to: HttpQuestion, login: ProbeLogin, cancel: Cancellable): Promise<HttpAnswer> {
    const { logins, gate } = this.#options;
    const url = this.#urlOf(to);
    const inUse = logins.of(login, "http");
    const ask = (): Promise<HttpAnswer> =>
      gate.ask(
        async () => this.#exchange({ to, url, inUse, pin: await this.#pinOf(url, inUse, cancel) }, cancel),
        cancel,
      );
    return inUse === undefined ? ask() : inUse.alone(ask, cancel);
  }

  #urlOf({ path, port, secure }: HttpQuestion): URL {
    const { page } = this.#options;
    if (!path.startsWith("/")) throw new GatehouseError("request-invalid", "the path does not begin with a slash");
    const encrypted = secure ?? page.protocol === "https:";
    const own = page.port === "" ? (page.protocol === "https:" ? 443 : 80) : Number(page.port);
    return new URL(`${encrypted ? "https" : "http"}://${page.hostname}:${port ?? own}${path}`);
  }

  /**
   * Where the owner confirmed a key, every password goes to that key alone: one that is tried may be the one that the camera is about to get.
   * Without one the gateway's own goes nowhere. What anybody may ask is asked of whatever key is shown.
   */
  async #pinOf(url: URL, login: LoginInUse | undefined, cancel: Cancellable): Promise<string | null> {
    const { pin } = this.#options;
    if (url.protocol === "http:") return null;
    if (login !== undefined && pin !== null) return pin;
    if (login !== undefined && !login.guessed) {
      throw new GatehouseError("camera-fingerprint-unconfirmed", "the camera's key is not confirmed yet");
    }
    const port = url.port === "" ? 443 : Number(url.port);
    const { gate, clock } = this.#options;
    const known = this.#shown.get(port) ?? readPin({ gate, port, clock }, cancel);
    this.#shown.set(port, known);
    return known;
  }

  async #exchange(
    {
      to,
      url,
      inUse,
      pin,
    }: {
      readonly to: HttpQuestion;
      readonly url: URL;
      readonly inUse: LoginInUse | undefined;
      readonly pin: string | null;
    },
    cancel: Cancellable,
  ): Promise<HttpAnswer> {
    const { clock, gate } = this.#options;
    const secure = pin !== null;
    using http = new HttpClient({ host: url.hostname, pin, clock, gate });
    if (to.signIn !== undefined && inUse !== undefined)
      return await signIn(http, { to, url, inUse, signIn: to.signIn }, cancel);
    const login = inUse && counted(inUse, secure);
    const { method, headers = {}, body } = to;
    const { limit = longestBody, timeoutMs } = to;
    const request = { method, url, headers, limit, cut: true, follow: false, ...(timeoutMs && { timeoutMs }) };
    try {
      const answer = await http.request({ ...request, ...(body && { body }), ...(login && { login }) }, cancel);
      settle(inUse, answer.status);
      return { status: answer.status, headers: flat(answer.headers), body: answer.body };
    } catch (error) {
      if (inUse === undefined || !isGatehouseError(error) || error.code !== "camera-credentials") throw error;
      inUse.sent.lost();
      return { status: 401, headers: {}, body: Buffer.alloc(0) };
    }
  }
}

/** @throws GatehouseError `camera-basic-refused` where the gateway's own password would go out readable */
const signIn = async (
  http: HttpClient,
  {
    to,
    url,
    inUse,
    signIn: { body, isTaken },
  }: { readonly to: HttpQuestion; readonly url: URL; readonly inUse: LoginInUse; readonly signIn: BodyLogin },
  cancel: Cancellable,
): Promise<HttpAnswer> => {
  if (url.protocol !== "https:" && !inUse.guessed)
    throw new GatehouseError(
      "camera-basic-refused",
      "the camera takes a login only readable, and is not spoken to by TLS",
    );
  const { method, headers = {} } = to;
  inUse.sent.sending();
  const request = { method, url, headers, body: body(inUse.credentials), limit: longestBody, cut: true, follow: false };
  const answer = await http.request(request, cancel);
  if (isTaken(answer.body)) inUse.sent.taken();
  else {
    inUse.sent.heard({ status: answer.status, words: answer.body.toString("latin1", 0, 1_024) });
    inUse.sent.lost();
  }
  return { status: answer.status, headers: flat(answer.headers), body: answer.body };
};

/** Tells the ledger how a login fared. */
const settle = (login: LoginInUse | undefined, status: number): void => {
  if (login === undefined) return;
  if (login.guessed && !login.sent.wasSent) throw unasked();
  login.sent.heard({ status, words: "" });
};

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "string" ? value : value.join(", ")]],
    ),
  );
