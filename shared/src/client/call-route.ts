import type { z } from "zod";

import {
  routes,
  type FileRouteName,
  type JsonRouteName,
  type RouteAnswer,
  type RouteCall,
  type RouteName,
} from "../contract/api.ts";
import type { Route } from "../contract/route.ts";
import { fromWireError, WireError } from "../contract/wire-error.ts";
import type { Cancellable } from "../kernel/abort.ts";
import { GatehouseError } from "../kernel/errors.ts";
import type { HttpAnswer, PinnedHttps } from "./pinned-https.ts";

const longestJson = 1 << 20;
const longestJpeg = 8 << 20;

/** Asks one route and checks the answer against its schema. */
export const callRoute = async <N extends JsonRouteName>(
  https: Pick<PinnedHttps, "ask">,
  { name, ...call }: Partial<RouteCall<N>> & { readonly name: N },
  cancel: Cancellable,
): Promise<RouteAnswer<N>> => {
  const body = "body" in call && call.body !== undefined ? JSON.stringify(call.body) : undefined;
  const { method, longest = longestJson }: Route = routes[name];
  const question = { method, path: pathOf(name, call as LooseCall), body, limit: longest };
  const answer = await https.ask(question, cancel);
  const parsed = (routes[name].response as z.ZodType).safeParse(json(answer));
  if (!parsed.success) throw malformed(`the gateway's answer to ${name} has another form`, parsed.error);
  return parsed.data as RouteAnswer<N>;
};

export interface Picture {
  readonly jpeg: Buffer;
  /** When the gateway took it, ms since the epoch. */
  readonly capturedAt: number;
}

/** Fetches a picture. */
export const callSnapshot = async (
  https: PinnedHttps,
  call: Partial<RouteCall<"snapshot">>,
  cancel: Cancellable,
): Promise<Picture> => {
  const path = pathOf("snapshot", call as LooseCall);
  const answer = await https.ask({ method: routes.snapshot.method, path, limit: longestJpeg }, cancel);
  if (answer.status !== 200) throw wireError(answer);
  const capturedAt = Number(answer.headers["x-captured-at"]);
  if (answer.headers["content-type"] !== "image/jpeg" || !Number.isSafeInteger(capturedAt)) {
    throw malformed("the gateway's answer to snapshot is no dated picture");
  }
  return { jpeg: answer.body, capturedAt };
};

/** Fetches a file, piece by piece, however long it is. Throws before the first piece what the gateway answered instead. */
export async function* callFile<N extends FileRouteName>(
  https: PinnedHttps,
  { name, ...call }: Partial<RouteCall<N>> & { readonly name: N },
  cancel: Cancellable,
): AsyncGenerator<Buffer, void> {
  const loose: LooseCall & { readonly body?: unknown } = call;
  const body = loose.body === undefined ? undefined : JSON.stringify(loose.body);
  const question = { method: routes[name].method, path: pathOf(name, loose), body, limit: longestJson };
  yield* https.fetch(question, { ...cancel, refused: wireError });
}

/** The error that an answer holds. */
export const wireError = (answer: HttpAnswer): GatehouseError => {
  const parsed = WireError.safeParse(parseJson(answer.body));
  return parsed.success
    ? fromWireError(parsed.data)
    : malformed(`the gateway answered ${answer.status} without saying why`);
};

interface LooseCall {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

const pathOf = (name: RouteName, { params = {}, query = {} }: LooseCall): string => {
  const path = routes[name].path.replaceAll(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ""));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
};

const json = (answer: HttpAnswer): unknown => {
  if (answer.status !== 200) throw wireError(answer);
  return parseJson(answer.body);
};

/** Undefined where it is no JSON: then no schema accepts it. */
const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

const malformed = (message: string, cause?: unknown): GatehouseError =>
  new GatehouseError("gateway-answer-malformed", message, { cause });
