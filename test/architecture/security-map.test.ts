import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { read, root } from "../support/repository.ts";

/** OWASP ASVS 5.0.0, of level 2 and what of level 3 is aimed at. */
const asvs = [
  ...["2.4.1", "4.1.3", "4.4.1", "4.4.2", "4.4.3", "4.4.4"],
  ...["6.1.1", "6.1.3", "6.2.1", "6.2.2", "6.2.3", "6.2.4", "6.2.5", "6.2.6", "6.2.7", "6.2.8", "6.2.9", "6.2.12"],
  ...["6.3.1", "6.3.2", "6.3.3", "6.3.4", "6.3.5", "6.3.8", "6.4.1", "6.4.3", "6.4.4"],
  ...["6.5.1", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.5.6", "6.6.2", "6.6.3", "6.7.2"],
  ...["7.1.1", "7.1.2", "7.2.3", "7.2.4", "7.3.1", "7.3.2", "7.4.1", "7.4.5", "7.5.1", "7.5.2", "7.5.3"],
  ...["8.1.1", "8.2.1", "8.2.2", "8.3.1", "8.3.2", "8.3.3", "8.4.1"],
  ...["9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "9.2.4"],
  ...["11.1.1", "11.1.2", "11.3.2", "11.3.3", "11.3.4", "11.4.2", "11.5.1"],
  ...["12.1.1", "12.1.2", "12.1.3", "12.2.1", "12.2.2", "12.3.1", "12.3.2", "12.3.3", "12.3.4", "12.3.5"],
  ...["13.1.2", "13.2.1", "13.3.1", "13.3.4"],
  ...["16.1.1", "16.2.1", "16.2.2", "16.2.3", "16.2.4", "16.2.5", "16.3.1", "16.3.2", "16.3.3", "16.3.4"],
  ...["16.4.1", "16.4.2", "16.4.3", "16.5.1", "16.5.2", "16.5.3"],
  ...["17.1.1", "17.1.2", "17.2.1", "17.2.2", "17.2.3", "17.2.4", "17.2.8", "17.3.1", "17.3.2"],
].map((id) => `V${id}`);
/** ETSI EN 303 645 V2.1.1. */
const en303645 = [
  ...["5.1-1", "5.1-3", "5.1-4", "5.1-5", "5.2-1", "5.3-2", "5.3-7", "5.3-10", "5.3-13", "5.4-1", "5.4-3", "5.4-4"],
  ...[
    "5.5-1",
    "5.5-4",
    "5.5-5",
    "5.5-7",
    "5.5-8",
    "5.6-1",
    "5.6-2",
    "5.6-5",
    "5.6-7",
    "5.8-2",
    "5.8-3",
    "5.9-2",
    "5.9-3",
  ],
  ...["5.11-1", "5.12-1", "5.12-2", "5.13-1", "6.1-1"],
];
/** The columns that say what proves an item, one for each part of the project that must keep to it. */
const parts = ["Gateway", "Relay"];

interface Row {
  readonly id: string;
  readonly proofs: readonly string[];
}

/** The rows of the tables in a document whose first column is `Id`. */
const rowsOf = (text: string): readonly Row[] => {
  let columns: readonly string[] = [];
  return text.split("\n").flatMap((line) => {
    const cells = line.startsWith("|")
      ? line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim())
      : [];
    const [id = ""] = cells;
    if (id === "Id" || cells.length === 0) columns = cells;
    if (id === "Id" || /^-*$/.test(id) || columns[0] !== "Id") return [];
    return [{ id, proofs: parts.map((part) => cells[columns.indexOf(part)] ?? "") }];
  });
};

const claim = /`([\w./-]+\.test\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g;
const excuse = /^not (yet|used): \S.{9,}$/;

/** What is wrong with what a cell says; nothing for tests that are there, and for an honest "not yet" or "not used". */
const faultsOf = (proof: string): readonly string[] => {
  const claims = [...proof.matchAll(claim)];
  const rest = proof
    .replace(claim, "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return [
    ...(claims.length === 0 && rest.length === 0 ? ["says nothing"] : []),
    ...rest.filter((part) => !excuse.test(part)).map((part) => `is no proof and no excuse: ${part}`),
    ...claims.flatMap(([, file = "", titles = ""]) => {
      const path = ["", "gateway-bridge/src", "shared/src"]
        .map((folder) => join(folder, file))
        .find((one) => existsSync(join(root, one)));
      if (path === undefined) return [`names no file: ${file}`];
      const text = read(path);
      return titles
        .split(/(?<="), (?=")/)
        .filter((title) => !text.includes(title))
        .map((title) => `${file} has no test ${title}`);
    }),
  ];
};

const document = read("SECURITY.md");
const rows = rowsOf(document);

describe("the map of what proves what, in SECURITY.md", () => {
  it.each([
    ["OWASP ASVS 5.0", asvs],
    ["EN 303 645", en303645],
  ])("has each item of %s once", (_, ids) => {
    const found = rows.map(({ id }) => id).filter((id) => ids.includes(id));
    expect([...found].sort()).toEqual([...ids].sort());
  });

  it("has no item that is in neither list", () => {
    expect(rows.map(({ id }) => id).filter((id) => ![...asvs, ...en303645].includes(id))).toEqual([]);
  });

  it("names tests that are there, and says `not yet` of all else", () => {
    const faults = rows.flatMap(({ id, proofs }) => proofs.flatMap(faultsOf).map((fault) => `${id} ${fault}`));
    expect(faults).toEqual([]);
  });

  it("says of which text the provisions of EN 303 645 are", () => {
    expect(document).toContain("not checked against the text");
  });
});

describe("a map that is not right", () => {
  const own = "`test/architecture/security-map.test.ts`";
  const absent = ["no", "such", "title"].join(" ");
  it.each([
    ["names a file that is not there", '`no-such.test.ts`: "anything"'],
    ["names a test that is not there", `${own}: "${absent}"`],
    ["names a second test that is not there", `${own}: "%s", "${absent}"`],
    ["says nothing", ""],
    ["claims without a test", "everybody knows"],
    ["gives no reason", "not yet: later"],
  ])("is found where it %s", (_, proof) => {
    expect(faultsOf(proof)).not.toEqual([]);
  });

  it.each([
    ["one test", `${own}: "%s", "a map that is not right"`],
    ["a test, and what it leaves open", `${own}: "%s"; not yet: the rest of it`],
    ["a reason", "not used: there is no such thing here"],
  ])("is not what says %s", (_, proof) => {
    expect(faultsOf(proof)).toEqual([]);
  });

  it("loses no row of a table with other columns", () => {
    const table = [
      "| Id | Relay | About | Gateway |",
      "| --- | --- | --- | --- |",
      '| V1.1.1 | later | that | `x.test.ts`: "a" |',
      "",
      "| Other |",
      "| V2.2.2 |",
    ];
    expect(rowsOf(table.join("\n"))).toEqual([{ id: "V1.1.1", proofs: ['`x.test.ts`: "a"', "later"] }]);
  });
});
