import { describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";

import { exportAudit } from "../../gateway-bridge/src/audit/export-audit.ts";
import { ExportVerifier } from "../../gateway-bridge/src/audit/export-verifier.ts";
import { readHead, signHead } from "../../gateway-bridge/src/audit/head-note.ts";
import { readNoteLine } from "../../gateway-bridge/src/audit/note-line.ts";
import {
  formatVerifier,
  parseNote,
  parseVerifier,
  signNote,
  verifyNote,
} from "../../gateway-bridge/src/audit/signed-note.ts";
import { LogWorld } from "../../gateway-bridge/src/audit/testing/log-world.ts";
import { fuzz } from "../support/fuzz.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const signer = { name: "gatehouse/gw-aaaaaaaaaaaaaaaa", privateKey };
const verifier = { name: signer.name, publicKey };
const head = { sequence: 7, hash: Buffer.alloc(32, 7), time: 1_700_000_000_000 };
const note = signHead(head, signer);
const other = signNote("gatehouse/x\n1\n", { name: "x", privateKey });
const word = formatVerifier(verifier);

describe("whatever is given for", () => {
  it("a signed note, it is read as one or not, and never believed without the signature", () => {
    const text = verifyNote(note, verifier);
    const dictionary = ["\u2014 ", "\n\n", "\n", signer.name, "=", "+", "\u0000", "\ud800", "A".repeat(88)];
    fuzz(
      (input) => {
        const given = input.toString("utf8");
        parseNote(given);
        const believed = verifyNote(given, verifier);
        if (believed !== undefined) expect(believed).toBe(text);
        const read = readHead(given, verifier);
        if (read !== undefined) expect(read).toEqual(head);
      },
      {
        corpus: [note, other, note + other.slice(other.indexOf("\u2014"))].map((each) => Buffer.from(each)),
        dictionary,
      },
    );
  }, 60_000);

  it("the word for a key, it is that key or none", () => {
    fuzz(
      (input) => {
        const read = parseVerifier(input.toString("utf8"));
        if (read !== undefined) expect(formatVerifier(read)).toBe(input.toString("utf8"));
      },
      { corpus: [Buffer.from(word)], dictionary: ["+", "A", word.slice(0, 40), "00000000"] },
    );
  });

  it("an export, it is judged, and never taken for intact unless each row is what was written", async () => {
    const world = new LogWorld();
    for (let row = 1; row <= 6; row += 1) {
      world.append(`row ${row}`);
      if (row % 2 === 0) world.heads.sign();
    }
    const pieces: Buffer[] = [];
    for await (const piece of exportAudit(world)) pieces.push(piece);
    const whole = Buffer.concat(pieces);
    const written = world.audit.list().map(({ hash }) => hash);
    const kept = new Map([[6, Buffer.from(written[0] ?? "", "hex")]]);
    fuzz(
      (input) => {
        const verifying = new ExportVerifier(world.heads.verifier, kept);
        const lines = input.toString("utf8").split("\n");
        if (lines.at(-1) === "") lines.pop();
        for (const line of lines) {
          verifying.line(line);
          readNoteLine(line);
        }
        const verdict = verifying.end();
        expect(verdict.intact).toBe(verdict.why === null);
        if (!verdict.intact) return;
        // Every row is there, with what its hash covers.
        expect(verdict.rows).toBe(6);
        const text = input.toString("utf8");
        for (const hash of written) expect(text).toContain(hash);
        for (let row = 1; row <= 6; row += 1) expect(text).toContain(`row ${row}`);
      },
      {
        corpus: [whole],
        dictionary: ['{"row":', '{"head":', "}\n", '"sequence":', "null", "-1", "1e400", '"', "[]", "row 7"],
      },
    );
  }, 60_000);
});
