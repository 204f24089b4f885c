import { describe, expect, it } from "@jest/globals";

import { AdvisoryList, lockedPackages, matchAdvisories } from "./advisories.ts";

const list = AdvisoryList.parse({
  format: 1,
  date: "2026-11-22",
  advisories: [
    {
      id: "GHSA-aaaa-bbbb-cccc",
      package: "one",
      ranges: [">=1.0.0 <1.2.3", "<0.5.0"],
      severity: "high",
      url: "https://example.org/a",
    },
  ],
});

describe("matchAdvisories", () => {
  it.each([
    ["0.4.9", true],
    ["0.5.0", false],
    ["1.0.0-rc.1", false],
    ["1.0.0", true],
    ["1.2.2", true],
    ["1.2.3-beta.1", true],
    ["1.2.3", false],
    ["1.10.0", false],
    ["unknown", true],
  ])("version %s: %p", (version, expected) => {
    expect(matchAdvisories(list, [{ name: "one", version }])).toHaveLength(expected ? 1 : 0);
    expect(matchAdvisories(list, [{ name: "another", version }])).toEqual([]);
  });

  it("takes no list whose ranges it cannot judge", () => {
    const [advisory] = list.advisories;
    const wrong = { ...list, advisories: [{ ...advisory, ranges: ["^1.0.0"] }] };
    expect(AdvisoryList.safeParse(wrong).success).toBe(false);
  });
});

describe("lockedPackages", () => {
  it("names what is installed for people, wherever it lies", () => {
    const lock = {
      packages: {
        "": { name: "gatehouse", version: "1.0.0" },
        "gateway-bridge": { version: "1.0.0" },
        "node_modules/@gatehouse/shared": { link: true },
        "node_modules/@scope/one": { version: "1.0.0" },
        "node_modules/two/node_modules/three": { version: "3.0.0" },
        "node_modules/four": { name: "other", version: "4.0.0" },
        "node_modules/jest": { version: "30.0.0", dev: true },
      },
    };
    expect(lockedPackages(lock)).toEqual([
      { name: "@scope/one", version: "1.0.0" },
      { name: "three", version: "3.0.0" },
      { name: "other", version: "4.0.0" },
    ]);
    expect(lockedPackages("no lock")).toBeUndefined();
  });
});
