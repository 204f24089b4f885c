import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

import { isolationTable } from "./ruleset.ts";

/** What a camera tried to reach, and did not. */
export interface Try {
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly packets: number;
}

/** What was seen of the cameras' network since the rules were loaded. */
export interface ObservedTraffic {
  /** Those that tried most come first; at most 512. */
  readonly tries: readonly Try[];
  /** Packets from cameras that were refused, whatever they were; and those that somebody else sent to cameras. */
  readonly refused: number;
  readonly strangers: number;
}

/**
 * What the rules of `rulesetFor` have counted.
 * @returns undefined where they are not loaded, or this program may not look: then nothing was observed, and nothing follows
 */
export type Observe = (cancel: Cancellable) => Promise<ObservedTraffic | undefined>;

const nft = "/usr/sbin/nft";
const longestList = 4 * 1024 * 1024;
const patienceMs = 5_000;

export const observeTraffic: Observe = async ({ signal }) => {
  const list = await listTable(signal);
  return list === undefined ? undefined : readTraffic(list);
};

/** Undefined where there is no nft, no such table, or no right to look. */
const listTable = async (signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(nft, ["--json", "list", "table", "inet", isolationTable], {
      ...{ signal, env: {}, timeout: patienceMs, maxBuffer: longestList },
    });
    return stdout;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
};

const Element = z.object({
  elem: z.object({
    val: z.object({ concat: z.tuple([z.string(), z.string(), z.enum(["tcp", "udp"]), z.int()]) }),
    counter: z.object({ packets: z.int().nonnegative() }),
  }),
});
const Counter = z.object({ name: z.string(), packets: z.int().nonnegative() });
const Listing = z.object({ nftables: z.array(z.record(z.string(), z.unknown())).max(256) });
const Tried = z.object({ name: z.enum(["tried", "tried6"]), elem: z.array(z.unknown()).max(8_192).optional() });

const mostTries = 512;

/**
 * Reads what `nft --json list table` wrote.
 * @throws GatehouseError `data-corrupt` for what is no such list
 */
export const readTraffic = (json: string): ObservedTraffic => {
  const listing = Listing.safeParse(parseJson(json));
  if (!listing.success) throw new GatehouseError("data-corrupt", "nft's list cannot be read");
  const counters = listing.data.nftables.flatMap(({ counter }) => Counter.safeParse(counter).data ?? []);
  const packets = (name: string): number => counters.find((each) => each.name === name)?.packets ?? 0;
  const elements = listing.data.nftables.flatMap(({ set }) => Tried.safeParse(set).data?.elem ?? []);
  const tries = elements.flatMap((element): Try[] => {
    const { data } = Element.safeParse(element);
    if (data === undefined) return [];
    const [from, to, protocol, port] = data.elem.val.concat;
    return [{ from, to, protocol, port, packets: data.elem.counter.packets }];
  });
  return {
    tries: tries.sort((one, other) => other.packets - one.packets).slice(0, mostTries),
    refused: packets("refused"),
    strangers: packets("strangers"),
  };
};

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
