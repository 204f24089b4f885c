import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FirmwareRules } from "./firmware-rules.ts";
import { longestNote, openRulesNote, writeRulesNote } from "./rules-note.ts";
import { RulesInForce } from "./rules-in-force.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const signWith = (key: typeof privateKey) => (bytes: Buffer) => sign(null, bytes, key).toString("base64");
const isSigned = (bytes: Uint8Array, signatures: string) =>
  verify(null, bytes, publicKey, Buffer.from(signatures, "base64"));

const rulesOf = (issued: number): FirmwareRules => ({
  format: 1,
  issued,
  advisories: [
    {
      id: "CVE-2030-1234",
      makers: ["acme"],
      models: ["A-*"],
      affected: [{ before: "2.0" }],
      severity: "high",
      effect: "Whoever reaches it can look through it.",
      exploited: null,
      confidence: "published",
      sources: ["https://example.org/"],
    },
  ],
  support: [],
});
const noteOf = (issued: number, change: Partial<FirmwareRules> = {}) =>
  writeRulesNote({ ...rulesOf(issued), ...change }, signWith(privateKey));
const invalid = expect.objectContaining({ code: "advisories-invalid" });

describe("openRulesNote", () => {
  it("reads what a trusted key signed", () => {
    expect(openRulesNote(noteOf(5), isSigned)).toEqual(rulesOf(5));
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a note without signatures", noteOf(5).split("\n\n")[0]!],
    ["another key's note", writeRulesNote(rulesOf(5), signWith(generateKeyPairSync("ed25519").privateKey))],
    ["a changed rule", noteOf(5).replace("2.0", "9.0")],
    ["another heading", noteOf(5).replace("rules 1", "rules 2")],
    ["rules without the heading", signedText(JSON.stringify(rulesOf(5)))],
    ["a signed text that is no JSON", signedText("gatehouse firmware rules 1\n{")],
    ["a rule of an unknown form", noteOf(5, { advisories: [{ ...rulesOf(5).advisories[0]!, models: ["***"] }] })],
    ["a rule that needs no source", noteOf(5, { advisories: [{ ...rulesOf(5).advisories[0]!, sources: [] }] })],
    ["too much", `${noteOf(5)}${"\n".repeat(longestNote)}`],
  ])("refuses %s", (_, note) => {
    expect(() => openRulesNote(note, isSigned)).toThrow(invalid);
  });
});

/** Signed by the right key, whatever it says. */
function signedText(text: string): string {
  return `${text}\n\n${signWith(privateKey)(Buffer.from(`${text}\n`))}`;
}

describe("RulesInForce", () => {
  let folder: string;
  const clock = new TestClock(1_000_000_000);
  const log = new MemoryLogger();
  const builtIn: FirmwareRules = { format: 1, issued: 100, advisories: [], support: [] };
  const file = () => join(folder, "firmware-rules.note");
  const openRules = () => RulesInForce.open({ file: file(), isSigned, builtIn, clock, log });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rules-"));
    log.lines.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("goes by its own rules until newer ones come, and by those after a restart", async () => {
    const rules = await openRules();
    expect(rules.current).toBe(builtIn);
    await rules.replace(noteOf(200));
    expect(rules.summary).toEqual({ issued: 200, rules: 1 });
    expect((await openRules()).current).toEqual(rulesOf(200));
    expect(await readdir(folder)).toEqual(["firmware-rules.note"]);
    expect((await stat(file())).mode & 0o077).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it("refuses older ones, the same again, and those from the future, and stays with what it has", async () => {
    const rules = await openRules();
    await rules.replace(noteOf(200));
    for (const issued of [50, 100, 199, 200, clock.now() + 3 * 86_400_000])
      await expect(rules.replace(noteOf(issued))).rejects.toThrow(invalid);
    expect((await openRules()).current).toEqual(rulesOf(200));
  });

  it("keeps the newer of two that come at once, whichever comes first", async () => {
    const rules = await openRules();
    await Promise.allSettled([rules.replace(noteOf(300)), rules.replace(noteOf(200))]);
    expect(rules.summary.issued).toBe(300);
    expect((await openRules()).summary.issued).toBe(300);
  });

  it("leaves a kept note out that was tampered with, and says so", async () => {
    await writeFile(file(), noteOf(200).replace("2.0", "0.1"));
    expect((await openRules()).current).toBe(builtIn);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { code: "advisories-invalid" } }]);
  });

  it("says plainly that it has no key, where there is none, and takes nothing", async () => {
    await (await openRules()).replace(noteOf(200));
    const rules = await RulesInForce.open({ file: file(), isSigned: undefined, builtIn, clock, log });
    await expect(rules.replace(noteOf(300))).rejects.toMatchObject({
      code: "advisories-invalid",
      message: expect.stringContaining("not installed from a release"),
      remedy: expect.stringContaining("install.sh"),
    });
    expect(rules.current).toBe(builtIn);
    expect((await openRules()).summary.issued).toBe(200);
  });

  it("prefers the rules that a newer version came with", async () => {
    await writeFile(file(), noteOf(99));
    expect((await openRules()).current).toBe(builtIn);
  });
});
