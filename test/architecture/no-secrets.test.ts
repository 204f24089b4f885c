import { describe, expect, it } from "@jest/globals";
import { hash } from "node:crypto";

import { filesIn, packages, read } from "../support/repository.ts";

/** What is installed, and what makes that: no tests, nor doubles for them. */
const ships = (path: string): boolean =>
  /\.(?:[cm]?[jt]s|sh|html|css|service|timer|yaml)$|\/Containerfile/.test(path) &&
  !/\.test\.ts$|\/testing\//.test(path);
const files = packages.flatMap((folder) => filesIn(folder, ships));

const literals = (text: string): string[] =>
  [...text.matchAll(/(["'`])([A-Za-z0-9+/_=-]{24,})\1/g)].map(([, , literal = ""]) => literal);

/** 96 bits or more, in hex or in one of the forms of base64: what is drawn looks so, and hardly anything that is written does. */
const looksDrawn = (literal: string): boolean => {
  if (/^[\da-f]+$/i.test(literal)) return /\d/.test(literal);
  return !/[/]/.test(literal) && /\d/.test(literal) && /[a-z]/.test(literal) && /[A-Z]/.test(literal);
};

/** A private key with what makes it one; a login within a URL. */
const patterns = [/-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{16}/, /:\/\/[^/\s"'`:{$<]+:[^/\s@"'`:{$<]+@/];

const secretsIn = (text: string): string[] => [
  ...literals(text).filter(looksDrawn),
  ...patterns.flatMap((pattern) => pattern.exec(text)?.[0] ?? []),
];

/** Looks drawn, and is known to everybody. */
const known: ReadonlyMap<string, string> = new Map([
  ["302902010004067075626c6963a01c020467617465020100020100300e300c06082b060102010101000500", "a question of SNMP"],
  ["1853806701ffffffffffffff", "the start of a Matroska file of unknown length"],
  ["TLS_DH_anon_WITH_RC4_128_MD5", "a cipher suite"],
  ["TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", "a cipher suite"],
  ["TLS_DH_anon_WITH_AES_128_CBC_SHA", "a cipher suite"],
  ["04010501060102010403050306030203", "signature algorithms: RFC 5246 7.4.1.4.1"],
  ["302a300506032b6570032100", "what stands before each Ed25519 key: RFC 8410 10.1"],
]);

describe("the source", () => {
  it("holds no key, password or token", () => {
    expect(files.length).toBeGreaterThan(900);
    const found = files.flatMap((path) =>
      secretsIn(read(path))
        .filter((literal) => !known.has(literal))
        .map((literal) => `${path}: ${literal}`),
    );
    expect(found).toEqual([]);
  });

  it("would be found out, had it one", () => {
    const drawn = hash("sha256", "drawn", "buffer");
    const pem = `\`-----BEGIN PRIVATE KEY-----\n${drawn.toString("base64")}\n-----END PRIVATE KEY-----\``;
    for (const text of [
      `const key = "${drawn.toString("hex")}";`,
      `const token = '${drawn.toString("base64url")}';`,
      `fetch("https://admin:12345@camera.lan/")`,
      pem,
    ])
      expect([text, secretsIn(text).length]).toEqual([text, 1]);
  });

  it("is known to hold nothing that it does not", () => {
    const all = files.map((path) => read(path)).join("\n");
    expect([...known.keys()].filter((literal) => !all.includes(literal))).toEqual([]);
  });
});
