import { describe, expect, it } from "@jest/globals";
import { CheckId } from "@gatehouse/shared";

import { catalogue } from "./catalogue.ts";

describe("the catalogue of checks", () => {
  const ids = catalogue.map(({ id }) => id);

  it("holds every check of the contract, once", () => {
    expect(ids.toSorted()).toEqual(CheckId.options.toSorted());
  });

  it("names parents that are in it, and none that hides itself", () => {
    const parentsOf = (id: string): readonly string[] => catalogue.find((check) => check.id === id)?.parents ?? [];
    const ancestors = (id: string, seen: readonly string[] = []): readonly string[] =>
      parentsOf(id).flatMap((parent) =>
        seen.includes(parent) ? [parent] : [parent, ...ancestors(parent, [...seen, id])],
      );
    for (const { id, parents = [] } of catalogue) {
      expect(ids).toEqual(expect.arrayContaining([...parents]));
      expect(ancestors(id)).not.toContain(id);
    }
  });

  it.each(catalogue.map((check) => [check.id, check] as const))(
    "%s says in two sentences why it matters",
    (_, check) => {
      expect(check.title).toMatch(/^[A-Z].*[^.]$/);
      for (const sentence of check.why) expect(sentence).toMatch(/^[A-Z].{20,}\.$/s);
      expect(check.provision).toMatch(/^5\.\d{1,2}-\d{1,2}(, 5\.\d{1,2}-\d{1,2})*$/);
    },
  );
});
