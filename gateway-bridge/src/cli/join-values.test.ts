import { describe, expect, it } from "@jest/globals";

import { joinValues } from "./join-values.ts";

const options = {
  name: { type: "string" },
  fingerprint: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

describe("joinValues", () => {
  it.each([
    ["a value that begins with a dash", "add --fingerprint -rc6g --json", "add --fingerprint=-rc6g --json"],
    ["one that begins with two", "--fingerprint --rc6", "--fingerprint=--rc6"],
    ["any other value", "add host --name Door", "add host --name Door"],
    ["one that is joined already", "--fingerprint=-rc6g -x", "--fingerprint=-rc6g -x"],
    ["what follows an option without a value", "--json -rc6g", "--json -rc6g"],
    ["another option after one whose value was forgotten", "--name --json", "--name --json"],
    ["such an option with its value", "--name --fingerprint=ab", "--name --fingerprint=ab"],
    ["its short name", "--name -h", "--name -h"],
    ["the end of options", "--name -- -x", "--name -- -x"],
    ["what follows that end", "-- --name -x", "-- --name -x"],
    ["an option whose value is missing", "add --name", "add --name"],
  ])("%s: %s", (_, words, joined) => {
    expect(joinValues(words.split(" "), options)).toEqual(joined.split(" "));
  });
});
