/** A BLOB column's bytes; the column's table is STRICT, so it holds nothing else. */
export const blob = (value: unknown): Buffer => Buffer.from(value as Uint8Array);
