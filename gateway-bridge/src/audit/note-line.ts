/** One signed note as a line of JSON: what a file of heads consists of, and what stands among the rows of an export. */
export const noteLine = (note: string): string => `${JSON.stringify({ head: note })}\n`;

/** The note of such a line; undefined where it is none. */
export const readNoteLine = (line: string): string | undefined => {
  try {
    const { head } = Object(JSON.parse(line)) as { readonly head?: unknown };
    return typeof head === "string" ? head : undefined;
  } catch {
    return undefined;
  }
};
