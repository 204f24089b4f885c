import { describe, expect, it } from "@jest/globals";

import { Lobby, type LobbyLimits } from "./lobby.ts";

const open = (over: Partial<LobbyLimits> = {}) => {
  const begun: string[] = [];
  const limits = { handshakes: 2, handshakesPerBlock: 1, waiting: 10, waitingPerBlock: 3, ...over };
  const lobby = new Lobby<string>(limits, (guest) => begun.push(guest));
  return { lobby, begun };
};

describe("Lobby", () => {
  it("takes up those of one address in the order in which they came", () => {
    const { lobby, begun } = open();
    for (const guest of ["a1", "a2", "a3"]) expect(lobby.arrive(guest, "a")).toBe(true);
    expect([begun, lobby.count]).toEqual([["a1"], { waiting: 2, underWay: 1 }]);
    lobby.leave("a1");
    lobby.leave("a2");
    expect(begun).toEqual(["a1", "a2", "a3"]);
  });

  it("lets addresses take turns, whoever has more waiting", () => {
    const { lobby, begun } = open({ handshakes: 1 });
    for (const guest of ["a1", "a2", "a3"]) lobby.arrive(guest, "a");
    for (const guest of ["b1", "b2"]) lobby.arrive(guest, "b");
    lobby.arrive("c1", "c");
    for (let index = 0; index < 6; index += 1) lobby.leave(begun.at(-1) ?? "");
    expect(begun).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
    expect(lobby.count).toEqual({ waiting: 0, underWay: 0 });
  });

  it("turns away what is beyond an address's share, and beyond the whole", () => {
    const { lobby } = open({ waiting: 4 });
    const arrived = (block: string, count: number) =>
      Array.from({ length: count }, (_, index) => lobby.arrive(`${block}${index}`, block));
    expect(arrived("a", 5)).toEqual([true, true, true, true, false]);
    expect(arrived("b", 3)).toEqual([true, true, false]);
    expect(lobby.count).toEqual({ waiting: 4, underWay: 2 });
  });

  it("makes room when somebody goes before its turn, and goes on", () => {
    const { lobby, begun } = open();
    for (const guest of ["a1", "a2", "a3"]) lobby.arrive(guest, "a");
    lobby.leave("a2");
    lobby.leave("a2");
    lobby.leave("nobody");
    expect(lobby.count).toEqual({ waiting: 1, underWay: 1 });
    lobby.leave("a1");
    expect(begun).toEqual(["a1", "a3"]);
  });
});
