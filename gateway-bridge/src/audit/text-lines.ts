import { GatehouseError } from "@gatehouse/shared";

/**
 * Splits pieces of text into lines, without their ends.
 * @param longest so that nothing without line ends fills the memory
 * @throws GatehouseError `request-invalid` where a line grows longer
 */
export async function* textLines(pieces: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > longest) {
      throw new GatehouseError("request-invalid", `a line is longer than the ${longest} characters that one can have`, {
        remedy: "Check that this is the file that was meant.",
      });
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
