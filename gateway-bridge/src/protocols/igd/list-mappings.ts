import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { igdErrors, type IgdAction, type IgdAnswer, type IgdCall } from "./igd-actions.ts";
import { keyOf, readMapping, readMappingList, type PortMapping } from "./port-mapping.ts";

export interface Listing {
  readonly ask: (action: IgdAction, inputs: IgdCall["inputs"], cancel: Cancellable) => Promise<IgdAnswer>;
  readonly most: number;
  readonly version: 1 | 2;
  /** Where they are gathered, by their key; at most `most`. */
  readonly found: Map<string, PortMapping>;
}

/**
 * All mappings: one after the other, which every version knows; and by the list of version 2, which some routers keep better. What either tells
 * counts, because some tell by one of the two only what the asker made.
 * @returns whether there are no others, as far as the router tells
 */
export const listMappings = async (listing: Listing, cancel: Cancellable): Promise<boolean> => {
  const each = await oneByOne(listing, cancel);
  const listed = listing.version === 2 && (await byList(listing, cancel));
  return each || listed;
};

/** These end a list; which of them is a matter of the router. WANIPConnection:1 2.4.14 names 713. */
const ends: ReadonlySet<number> = new Set([
  igdErrors.noSuchIndex,
  igdErrors.noSuchEntry,
  igdErrors.invalidArguments,
  igdErrors.actionFailed,
]);

/** @returns whether it came to the end, having understood all */
const oneByOne = async ({ ask, most, found }: Listing, cancel: Cancellable): Promise<boolean> => {
  let understood = true;
  for (let index = 0; index < most; index += 1) {
    const answer = await ask("GetGenericPortMappingEntry", [["NewPortMappingIndex", String(index)]], cancel);
    if (answer.kind === "refused") return isEnd(answer.code, index) && understood;
    const mapping = readMapping(answer.outputs);
    // The same again: a router whose list does not end. Two entries of one key cannot be.
    if (mapping !== undefined && found.has(keyOf(mapping))) return false;
    if (mapping === undefined) understood = false;
    else found.set(keyOf(mapping), mapping);
  }
  return false;
};

/** A router that fails at the first may hold none, or be one that does not list. */
const isEnd = (code: number, index: number): boolean =>
  ends.has(code) && (index > 0 || code !== igdErrors.actionFailed);

const byList = async ({ ask, most, found }: Listing, cancel: Cancellable): Promise<boolean> => {
  let complete = true;
  for (const protocol of ["TCP", "UDP"]) {
    try {
      const answer = await ask("GetListOfPortMappings", rangeOf(protocol, most), cancel);
      if (answer.kind === "refused") {
        complete &&= answer.code === igdErrors.noneFound;
        continue;
      }
      const list = readMappingList(answer.outputs);
      for (const mapping of list.slice(0, most)) {
        if (mapping === undefined) complete = false;
        else if (found.size < most) found.set(keyOf(mapping), found.get(keyOf(mapping)) ?? mapping);
      }
      complete &&= list.length < most;
    } catch (error) {
      // What was told one by one still holds.
      if (!isGatehouseError(error) || error.code !== "router-answer-malformed") throw error;
      complete = false;
    }
  }
  return complete;
};

/** Those of all devices, not of this one alone. WANIPConnection:2 2.5.21 */
const rangeOf = (protocol: string, most: number): IgdCall["inputs"] => [
  ["NewStartPort", "1"],
  ["NewEndPort", "65535"],
  ["NewProtocol", protocol],
  ["NewManage", "1"],
  ["NewNumberOfPorts", String(most)],
];
