import { GatehouseError } from "@gatehouse/shared";

import { FirmwareRules } from "./firmware-rules.ts";

/**
 * Rules about firmware as a text that can be carried by hand: a line that says what it is, the rules as JSON, an empty line, and
 * signatures, each a key id and 64 bytes as base64. The first line is signed, too, so that nothing else that the same key signed, such as a release's manifest,
 * can be taken for it, nor the other way round.
 */
const heading = "gatehouse firmware rules 1\n";
/** Longest note that is read, characters. */
export const longestNote = 900_000;
const longestSignatures = 1_024;

/** Whether a key that releases are signed with has signed these very bytes. */
export type IsSigned = (bytes: Uint8Array, signatures: string) => boolean;

const invalid = (message: string): GatehouseError => new GatehouseError("advisories-invalid", message);

/**
 * The rules of a note that is signed by a key that is trusted. Nothing of them is looked at before.
 * @throws GatehouseError `advisories-invalid`
 */
export const openRulesNote = (note: string, isSigned: IsSigned): FirmwareRules => {
  const divide = note.lastIndexOf("\n\n");
  if (note.length > longestNote || divide < 0) throw invalid("This is no note of firmware rules.");
  const [text, signatures] = [note.slice(0, divide + 1), note.slice(divide + 2)];
  if (!text.startsWith(heading)) throw invalid("This is no note of firmware rules.");
  if (signatures.length > longestSignatures || !isSigned(Buffer.from(text), signatures))
    throw invalid("The firmware rules are not signed by a key that this gateway trusts.");
  const rules = FirmwareRules.safeParse(parseJson(text.slice(heading.length)));
  if (rules.success) return rules.data;
  throw invalid("The firmware rules have a form that this version does not know.");
};

/** What is signed, and what it is signed by. */
export const writeRulesNote = (rules: FirmwareRules, sign: (bytes: Buffer) => string): string => {
  const text = `${heading}${JSON.stringify(rules)}\n`;
  return `${text}\n${sign(Buffer.from(text))}`;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
