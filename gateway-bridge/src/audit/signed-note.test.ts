import { describe, expect, it } from "@jest/globals";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

import { formatVerifier, longestNote, parseNote, parseVerifier, signNote, verifyNote } from "./signed-note.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const signer = { name: "gatehouse/gw-aaaaaaaaaaaaaaaa", privateKey };
const verifier = { name: signer.name, publicKey };
const text = "gatehouse/gw-aaaaaaaaaaaaaaaa\n12\n\nmore\n";
const note = signNote(text, signer);

describe("a signed note", () => {
  it("has the form that C2SP's signed-note gives it", () => {
    // The key of RFC 8032 7.1, test 1.
    const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
    const known = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const word = formatVerifier({ name: "example.com/log", publicKey: createPublicKey(known) });
    // SHA-256("example.com/log" || 0x0A || 0x01 || public key), computed by another program
    expect(word).toBe("example.com/log+cc714670+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
    const signed = signNote("example.com/log\n1\n", { name: "example.com/log", privateKey: known });
    expect(signed).toMatch(/^example\.com\/log\n1\n\n\u2014 example\.com\/log [A-Za-z0-9+/]{91}=\n$/u);
  });

  it("is verified by the signer's key and no other", () => {
    expect(verifyNote(note, verifier)).toBe(text);
    expect(verifyNote(note, { ...verifier, name: "gatehouse/other" })).toBeUndefined();
    const { publicKey: other } = generateKeyPairSync("ed25519");
    expect(verifyNote(note, { name: signer.name, publicKey: other })).toBeUndefined();
  });

  it("passes over signatures of others", () => {
    const other = signNote(text, { name: "witness", privateKey: generateKeyPairSync("ed25519").privateKey });
    const both = text + "\n" + other.slice(text.length + 1) + note.slice(text.length + 1);
    expect(parseNote(both)?.signatures.map(({ name }) => name)).toEqual(["witness", signer.name]);
    expect(verifyNote(both, verifier)).toBe(text);
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["no signature", text],
    ["no text", note.slice(note.lastIndexOf("\n\n"))],
    ["a signature line with a word too many", note.replace(/\n$/, " x\n")],
    ["a plain hyphen for the dash", note.replace("\u2014", "-")],
    ["base64 that is written otherwise", note.replace(/=\n$/, "==\n")],
    ["a signature shorter than its key's id", `${text}\n\u2014 ${signer.name} AAAA\n`],
    ["a control character", note.replace("more", "mo\u0000re")],
    ["a carriage return", note.replaceAll("\n", "\r\n")],
    ["half a character", note.replace("more", "\ud800")],
    ["no line end at its end", note.slice(0, -1)],
    ["more text than a note has", `${"x".repeat(longestNote)}\n${note}`],
    ["more signatures than anybody reads", text + "\n" + note.slice(text.length + 1).repeat(17)],
  ])("is not %s", (_, given) => {
    expect(parseNote(given)).toBeUndefined();
    expect(verifyNote(given, verifier)).toBeUndefined();
  });

  it("is verified no more once a letter of it is another", () => {
    for (let at = 0; at < note.length; at += 1) {
      const changed = note.slice(0, at) + (note[at] === "A" ? "B" : "A") + note.slice(at + 1);
      expect(verifyNote(changed, verifier)).toBeUndefined();
    }
  });

  it("needs a signature of the right length", () => {
    const [, id] = formatVerifier(verifier).split("+");
    const short = Buffer.concat([Buffer.from(id ?? "", "hex"), Buffer.alloc(12)]).toString("base64");
    expect(verifyNote(`${text}\n\u2014 ${signer.name} ${short}\n`, verifier)).toBeUndefined();
  });
});

describe("the word for a key", () => {
  const word = formatVerifier(verifier);
  it("brings the key back", () => {
    const read = parseVerifier(word)!;
    expect(verifyNote(note, read)).toBe(text);
    expect(formatVerifier(read)).toBe(word);
  });

  it.each([
    "",
    "x",
    word.slice(1),
    word.slice(0, -1),
    `${word}A`,
    word.replace(/\+A/, "+B"),
    word.replace(/[\da-f]{8}/, "00000000"),
  ])("is not %s", (given) => {
    expect(parseVerifier(given)).toBeUndefined();
  });
});
