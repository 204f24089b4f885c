import { expect, it } from "@jest/globals";
import { gzipSync } from "node:zlib";

import { Canary } from "./canary.ts";

const canary = new Canary();
const { text } = canary;
const raw = Buffer.from(text);
const hex = raw.toString("hex");

it.each<[string, Buffer | string]>([
  ["as it is", `{"name":"${text}"}`],
  ["in hexadecimal", `x${hex}y`],
  ["in upper case hexadecimal", `x${hex.toUpperCase()}y`],
  ["behind percent signs", hex.replace(/../g, "%$&")],
  ...["", "a", "ab", "abc", "abcd"].flatMap((before): [string, string][] => [
    [`in base64 behind ${before.length} letters`, Buffer.from(`${before}${text}z`).toString("base64")],
    [`in base64url behind ${before.length} letters`, Buffer.from(`${before}\u{fe}${text}`).toString("base64url")],
  ]),
  ["compressed, behind something", Buffer.concat([Buffer.from("x"), gzipSync(`{"name":"${text}"}`)])],
])("a canary is found %s", (_form, bytes) => {
  expect(canary.isIn(Buffer.from(bytes as string))).toBe(true);
});

it("another canary, or part of one, is none", () => {
  const other = new Canary();
  expect(canary.isIn(Buffer.concat([Buffer.from(other.text), gzipSync(other.text), Buffer.from(text.slice(1))]))).toBe(
    false,
  );
});
