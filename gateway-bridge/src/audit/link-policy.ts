import { unlinked, type Head } from "./chain.ts";

export interface Link {
  readonly sequence: number;
  /** Hash of the row that the new one follows. */
  readonly previous: Buffer;
}

/**
 * Where the next row goes. It follows the authenticated head, whatever the table holds: rows that were cut off leave a gap
 * and rows that were put on are not followed, so going on hides neither. Without a head to trust, it follows nothing.
 *
 * @param last the highest sequence in the table, 0 if it is empty
 */
export const nextLink = (head: Head | undefined, last: number): Link => ({
  sequence: Math.max(head?.sequence ?? 0, last) + 1,
  previous: head?.hash ?? unlinked,
});
