import { expect, it } from "@jest/globals";

import { version } from "../../gateway-bridge/src/version.ts";
import { packages, read } from "../support/repository.ts";

it("names one version everywhere", () => {
  const versionOf = (path: string): string => (JSON.parse(read(path)) as { version: string }).version;
  const all = ["package.json", "lerna.json", ...packages.map((name) => `${name}/package.json`)].map(versionOf);
  expect(new Set([...all, version])).toEqual(new Set([version]));
});
