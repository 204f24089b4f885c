import { describe, expect, it } from "@jest/globals";
import type { FromRelay } from "@gatehouse/shared";

import { readWelcome, type Welcome } from "./welcome-policy.ts";

const shown = "s".repeat(43);
const other = "o".repeat(43);
const welcome: Welcome = { kind: "welcome", v: 1, relay: "relay.test", tunnel: "t".repeat(43), time: 1, keys: [shown] };

describe("readWelcome", () => {
  it("takes the welcome of the relay that was dialled, with one key or two", () => {
    expect(readWelcome({ first: welcome, relay: "relay.test", shown })).toBe(welcome);
    const changing = { ...welcome, keys: [other, shown] };
    expect(readWelcome({ first: changing, relay: "relay.test", shown })).toBe(changing);
  });

  it.each<[string, FromRelay]>([
    ["something else", { kind: "spare", count: 1 }],
    ["a welcome in another relay's name", { ...welcome, relay: "relay.other" }],
    ["keys without the one that it shows", { ...welcome, keys: [other] }],
  ])("refuses %s", (_, first) => {
    expect(() => readWelcome({ first, relay: "relay.test", shown })).toThrow(
      expect.objectContaining({ code: "relay-answer-malformed" }),
    );
  });
});
