import type { Head } from "./chain.ts";
import { signNote, verifyNote, type NoteSigner, type NoteVerifier } from "./signed-note.ts";

/** Where a log stood at a time. */
export interface DatedHead extends Head {
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** What a gateway's signed heads begin with, and the name of the key that signs them. */
export const originOf = (gateway: string): string => `gatehouse/${gateway}`;

/**
 * A signed head: origin, sequence, hash and time, one a line. A chain and no Merkle tree, so nothing that reads checkpoints takes it for
 * one: those have no fourth line of this form.
 */
export const signHead = ({ sequence, hash, time }: DatedHead, signer: NoteSigner): string => {
  const lines = [signer.name, String(sequence), hash.toString("base64"), new Date(time).toISOString()];
  return signNote(`${lines.join("\n")}\n`, signer);
};

/** What the note says, if this key signed it for this origin; undefined for everything else. */
export const readHead = (note: string, verifier: NoteVerifier): DatedHead | undefined => {
  const [origin, sequence, hash, time, end, ...more] = verifyNote(note, verifier)?.split("\n") ?? [];
  if (origin !== verifier.name || end !== "" || more.length > 0) return undefined;
  const head = { sequence: Number(sequence), hash: Buffer.from(hash ?? "", "base64"), time: Date.parse(time ?? "") };
  const wellFormed = Number.isSafeInteger(head.sequence) && head.hash.length === 32 && Number.isFinite(head.time);
  return wellFormed ? head : undefined;
};
