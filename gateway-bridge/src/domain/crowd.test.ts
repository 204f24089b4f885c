import { describe, expect, it } from "@jest/globals";

import { Crowd } from "./crowd.ts";

interface Visitor {
  readonly name: string;
  busy?: boolean;
}
const visitor = (name: string, busy = false): Visitor => ({ name, busy });
const setUp = (total: number, strangersPerBlock: number) =>
  new Crowd<Visitor>({ total, strangersPerBlock }, ({ busy = false }) => busy);
/** Who goes for each that comes, `-` for nobody. */
const come = (crowd: Crowd<Visitor>, ...visitors: readonly [name: string, block: string, busy?: boolean][]): string[] =>
  visitors.map(([name, block, busy]) => crowd.admit(visitor(name, busy), block)?.name ?? "-");

describe("Crowd", () => {
  it("lets everybody in while there is room", () => {
    const crowd = setUp(3, 2);
    expect(come(crowd, ["a1", "a"], ["a2", "a"], ["b1", "b"])).toEqual(["-", "-", "-"]);
    expect(crowd.count).toEqual({ known: 0, strangers: 3 });
  });

  it("has one block's next take the place of that block's first, and of no other's", () => {
    const crowd = setUp(100, 2);
    come(crowd, ["b1", "b"], ["a1", "a"], ["a2", "a"]);
    expect(come(crowd, ["a3", "a"], ["a4", "a"], ["b2", "b"])).toEqual(["a1", "a2", "-"]);
    expect(crowd.count).toEqual({ known: 0, strangers: 4 });
  });

  it("when full, makes room where most strangers are, so that few of many are left alone", () => {
    const crowd = setUp(5, 4);
    come(crowd, ["mine", "home"], ["a1", "a"], ["a2", "a"], ["b1", "b"], ["a3", "a"]);
    const left = come(crowd, ["b2", "b"], ["c1", "c"], ["a4", "a"], ["d1", "d"]);
    expect(left).toEqual(["a1", "a2", "a3", "b1"]);
    expect(crowd.count.strangers).toBe(5);
  });

  it("of blocks with as many, takes the one that has been there longest", () => {
    const crowd = setUp(3, 2);
    come(crowd, ["a", "a"], ["b", "b"], ["c", "c"]);
    expect(come(crowd, ["d", "d"], ["e", "e"], ["f", "f"], ["g", "g"])).toEqual(["a", "b", "c", "d"]);
  });

  it("lets those go that wait before those who are being answered", () => {
    const crowd = setUp(100, 3);
    come(crowd, ["asks", "a", true], ["waits", "a"], ["waits too", "a"]);
    expect(come(crowd, ["1", "a"], ["2", "a"], ["3", "a", true], ["4", "a", true])).toEqual([
      "waits",
      "waits too",
      "1",
      "2",
    ]);
    // Nobody waits any more, and the newcomer gets in all the same.
    expect(come(crowd, ["5", "a"])).toEqual(["asks"]);
  });

  it("never ends who is known, however many come", () => {
    const crowd = setUp(4, 2);
    const known = ["k1", "k2", "k3"].map((name) => visitor(name));
    for (const each of known) {
      expect(crowd.admit(each, "a")).toBeUndefined();
      crowd.prove(each);
    }
    const names = Array.from({ length: 200 }, (_, index): [string, string] => [String(index), `block ${index % 7}`]);
    const left = come(crowd, ...names);
    expect(left).toEqual(["-", ...Array.from({ length: 199 }, (_, index) => String(index))]);
    expect(crowd.count).toEqual({ known: 3, strangers: 1 });
  });

  it("sends the newcomer away where everybody is known", () => {
    const crowd = setUp(2, 2);
    for (const each of [visitor("k1"), visitor("k2")]) {
      crowd.admit(each, "a");
      crowd.prove(each);
    }
    expect(come(crowd, ["new", "b"])).toEqual(["new"]);
    expect(crowd.count).toEqual({ known: 2, strangers: 0 });
  });

  it("has room again for each that leaves, known or not, and forgets whom it has seen go", () => {
    const crowd = setUp(2, 2);
    const [known, stranger] = [visitor("known"), visitor("stranger")];
    crowd.admit(known, "a");
    crowd.prove(known);
    crowd.prove(known);
    crowd.admit(stranger, "a");
    for (const each of [known, stranger, known, stranger]) crowd.leave(each);
    crowd.prove(stranger);
    expect(crowd.count).toEqual({ known: 0, strangers: 0 });
    expect(come(crowd, ["1", "a"], ["2", "b"])).toEqual(["-", "-"]);
  });
});
