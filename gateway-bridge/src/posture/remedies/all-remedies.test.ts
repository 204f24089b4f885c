import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";

import { catalogue } from "../catalogue.ts";
import { allRemedies } from "./all-remedies.ts";
import type { MappingRemoval } from "./mapping-delete.ts";

const remedies = allRemedies({
  draw: () => Secret.of("never-drawn-1"),
  router: {} as MappingRemoval,
  firmware: "/nowhere",
});
const named = ({ remedy, plane }: { readonly remedy: string; readonly plane: string }): string => `${plane} ${remedy}`;
const known = remedies.map(({ id, plane }) => named({ remedy: id, plane }));
const offers = catalogue.flatMap(({ id, remedies: offered }) => offered.map((offer) => [id, named(offer)] as const));

describe("all remedies", () => {
  it.each(offers)("%s offers %s, which somebody can carry out", (_, offer) => {
    expect(known).toContain(offer);
  });

  it("are offered by a check each", () => {
    const offered = new Set(offers.map(([, offer]) => offer));
    expect(known.filter((one) => !offered.has(one))).toEqual([]);
  });

  it.each([
    ["telnet-off", ["hikvision", "dahua"]],
    ["ftp-off", ["axis"]],
    ["p2p-off", ["hikvision", "dahua", "reolink", "axis"]],
  ])("%s in a maker's own words is of %j alone", (id, makers) => {
    expect(remedies.find((one) => one.id === id && one.plane === "vendor")?.makers).toEqual(makers);
  });

  it("are there once for each of the words that they are spoken in", () => {
    expect(known.toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it("are not called proven in makers' own words, which nobody has seen at a real camera", () => {
    expect(remedies.filter(({ plane, proven }) => plane === "vendor" && proven)).toEqual([]);
  });
});
