import { expect, it } from "@jest/globals";

import { packages, read, typescriptIn } from "../support/repository.ts";

const longest = 500;

it(`keeps every source file within ${longest} lines`, () => {
  const long = [...packages.map((name) => `${name}/src`), "test"]
    .flatMap(typescriptIn)
    .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > longest);
  expect(long).toEqual([]);
});
