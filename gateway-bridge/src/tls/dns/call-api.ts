import {
  GatehouseError,
  isError,
  isGatehouseError,
  onAbort,
  withDeadline,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";

import type { DnsApi } from "./dns-zone.ts";

/** For one whole exchange. */
const exchangeMs = 15_000;
const longestAnswer = 256 << 10;
/** Of what a provider says about a refusal, so much is passed on. */
const longestReason = 200;

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Appended to the API's address. */
  readonly path: string;
  /** With what proves who asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * One exchange of JSON with a DNS provider. Redirects are not followed: the token goes to that one server.
 * @throws GatehouseError `dns-refused` for everything but a success, `timeout`, or the signal's reason
 */
export const callApi = async (
  api: DnsApi & { readonly clock: Clock },
  call: ApiCall,
  { signal }: Cancellable,
): Promise<unknown> => {
  const { host } = new URL(api.url);
  return withDeadline({ signal, clock: api.clock, ms: exchangeMs, what: `an answer of ${host}` }, async (within) => {
    try {
      const { status, json } = await exchange(api, call, within);
      if (status >= 200 && status < 300) return json;
      throw refused(host, `it answered ${status}${reasonIn(json)}`);
    } catch (error) {
      within.signal.throwIfAborted();
      throw isGatehouseError(error) ? error : refused(host, isError(error) ? error.message : String(error));
    }
  });
};

const exchange = async (
  { url, authorities }: DnsApi,
  { method, path, headers, body }: ApiCall,
  { signal }: Cancellable,
): Promise<{ readonly status: number; readonly json: unknown }> => {
  const content = body === undefined ? {} : { "content-type": "application/json" };
  const asked = request(`${url}${path}`, {
    method,
    headers: { accept: "application/json", ...content, ...headers },
    // A connection for each: months lie between two certificates.
    agent: false,
    ...(authorities !== undefined && { ca: [...authorities] }),
  });
  const abort = onAbort(signal, () => asked.destroy());
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  try {
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const text = await readShort(answer);
    return { status: answer.statusCode ?? 0, json: parse(text) };
  } finally {
    abort[Symbol.dispose]();
    asked.destroy();
  }
};

/** Undefined for what is no JSON: a page of some proxy's, or nothing at all. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const readShort = async (answer: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > longestAnswer) throw new Error("its answer is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
};

/** What it says itself, in the forms of those that are spoken to here; cut, and with nothing that steers a terminal. */
const reasonIn = (json: unknown): string => {
  const text = json === undefined ? "" : JSON.stringify(json);
  return text === "" ? "" : `: ${text.slice(0, longestReason).replace(/\p{C}/gu, " ")}`;
};

const refused = (host: string, why: string): GatehouseError =>
  new GatehouseError("dns-refused", `the DNS provider ${host} did not do it: ${why}`);
