import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";

import { FileHeadSink } from "./file-head-sink.ts";
import { HeadPush, type HeadPushOptions } from "./head-push.ts";
import type { HeadSink } from "./head-sink.ts";
import { HttpsHeadSink } from "./https-head-sink.ts";

/** Where heads are pushed, as configured. */
export type HeadPlace =
  | { readonly kind: "nowhere" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "https"; readonly url: string; readonly authority?: string | undefined };

/**
 * Begins to push heads to where they are wanted; undefined where that is nowhere.
 * @throws GatehouseError `config-invalid` where the authority's file cannot be read
 */
export const openHeadPush = async (
  place: HeadPlace,
  options: Omit<HeadPushOptions, "sink">,
  cancel: Cancellable,
): Promise<HeadPush | undefined> => {
  const sink = await sinkOf(place, options, cancel);
  return sink === undefined ? undefined : HeadPush.open({ ...options, sink });
};

const sinkOf = async (
  place: HeadPlace,
  { clock }: Pick<HeadPushOptions, "clock">,
  { signal }: Cancellable,
): Promise<HeadSink | undefined> => {
  if (place.kind === "nowhere") return undefined;
  if (place.kind === "file") return new FileHeadSink(place.path);
  const { url, authority } = place;
  if (authority === undefined) return new HttpsHeadSink({ url, clock });
  try {
    return new HttpsHeadSink({ url, clock, authority: await readFile(authority, { encoding: "utf8", signal }) });
  } catch (cause) {
    signal.throwIfAborted();
    throw new GatehouseError("config-invalid", `\`audit.heads.authority\`: ${authority} cannot be read`, { cause });
  }
};
