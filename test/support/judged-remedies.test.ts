import { describe, expect, it } from "@jest/globals";
import { RemedyId } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";

import { judgedIn, judgedRemedies } from "./judged-remedies.ts";

const suites = [...new Set(Object.values(judgedRemedies))];

describe("what other programs judge", () => {
  it("is everything that the gateway can do", () => {
    expect(Object.keys(judgedRemedies).toSorted()).toEqual([...RemedyId.options].toSorted());
    expect(suites.flatMap(judgedIn).toSorted()).toEqual([...RemedyId.options].toSorted());
  });

  it.each(suites)("is compared with the table by %s itself", async (suite) => {
    const source = await readFile(new URL(`../e2e/${suite}.test.ts`, import.meta.url), "utf8");
    expect(source).toContain(`judgedIn("${suite}")`);
  });
});
