import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { Places } from "./places.ts";

describe("Places", () => {
  it("gives each holder as many as it may have, and takes none of others' for it", () => {
    const places = new Places<string>(2);
    expect([places.take("a"), places.take("a"), places.take("a")].map((place) => place !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(places.take("b")).toBeDefined();
  });

  it("has a place again for each that is given back, and for none that is given back twice", () => {
    const places = new Places<string>(2);
    const [first] = [places.take("a"), places.take("a")];
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect([places.take("a"), places.take("a")].map((place) => place !== undefined)).toEqual([true, false]);
  });

  it("never has more taken than each may have, in whatever order they come and go", () => {
    const steps = fc.array(fc.record({ holder: fc.nat(2), leaves: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (list) => {
        const places = new Places<number>(3);
        const held = new Map<number, Disposable[]>([0, 1, 2].map((holder) => [holder, []]));
        for (const { holder, leaves } of list) {
          const own = held.get(holder) ?? [];
          if (leaves) own.shift()?.[Symbol.dispose]();
          else {
            const place = places.take(holder);
            expect(place === undefined).toBe(own.length === 3);
            if (place !== undefined) own.push(place);
          }
        }
      }),
    );
  });
});
