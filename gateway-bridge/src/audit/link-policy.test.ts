import { describe, expect, it } from "@jest/globals";

import { genesis, unlinked, type Head } from "./chain.ts";
import { nextLink } from "./link-policy.ts";

const head = (sequence: number): Head => ({ sequence, hash: Buffer.alloc(32, sequence) });

describe("nextLink", () => {
  // The head: trusted or not. The table's last row against it: the same, cut off before it, put on after it.
  it.each<[string, Head | undefined, number, number, Buffer]>([
    ["an empty log", genesis, 0, 1, genesis.hash],
    ["a sound log", head(7), 7, 8, head(7).hash],
    ["a log cut short: the gap stays", head(7), 4, 8, head(7).hash],
    ["a log cut to nothing: the gap stays", head(7), 0, 8, head(7).hash],
    ["a log with rows put on: they are not followed", head(7), 9, 10, head(7).hash],
    ["a log whose head cannot be trusted", undefined, 7, 8, unlinked],
    ["a log of which nothing is left", undefined, 0, 1, unlinked],
  ])("goes on after %s", (_case, trusted, last, sequence, previous) => {
    expect(nextLink(trusted, last)).toEqual({ sequence, previous });
  });
});
