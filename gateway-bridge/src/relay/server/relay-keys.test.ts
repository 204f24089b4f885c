import { RelayName } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { SecretStore } from "../../ports.ts";
import { Database } from "../../store/database.ts";
import { announcedForMs, RelayKeys } from "./relay-keys.ts";

const world = () => {
  const kept = new Map<string, Buffer>();
  const secrets: SecretStore = {
    put: (name, content) => void kept.set(name, Buffer.from(content)),
    get: (name) => (kept.has(name) ? Buffer.from(kept.get(name)!) : undefined),
    delete: (name) => void kept.delete(name),
  };
  const [clock, database] = [new TestClock(), Database.openInMemory()];
  return { kept, clock, open: () => RelayKeys.open({ name: RelayName.parse("relay.test"), database, secrets, clock }) };
};

describe("RelayKeys", () => {
  it("makes a key once and shows the same from then on", () => {
    const { open, kept } = world();
    const keys = open();
    expect(keys.pins).toEqual([keys.shown.pin]);
    expect(open().shown.pin).toBe(keys.shown.pin);
    expect(kept.size).toBe(1);
  });

  it("announces the next key for a week, over restarts, before it shows it", async () => {
    const { open, clock, kept } = world();
    const keys = open();
    const [first] = keys.pins;
    let told = 0;
    using _listening = keys.onChanged(() => (told += 1));
    expect(keys.rotate()).toBe("announced");
    const [shown, next] = open().pins;
    expect([shown, keys.shown.pin, told]).toEqual([first, first, 1]);
    expect(() => keys.rotate()).toThrow(expect.objectContaining({ code: "key-too-new" }));
    await clock.advance(announcedForMs);
    expect(keys.rotate()).toBe("changed");
    expect([keys.pins, open().pins, told, kept.size]).toEqual([[next], [next], 2, 1]);
    expect(keys.rotate()).toBe("announced");
  });
});
