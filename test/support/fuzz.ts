import { expect } from "@jest/globals";
import { isGatehouseError } from "@gatehouse/shared";

import { seeded } from "./seeded.ts";

export { seeded };

export interface FuzzOptions {
  /** Valid inputs to mutate. */
  readonly corpus: readonly Buffer[];
  /** Tokens of the format that mutations splice in: keywords, separators, extreme numbers. */
  readonly dictionary?: readonly string[];
  readonly inputs?: number;
  readonly seed?: number;
  /** Longest time for one input. */
  readonly budgetMs?: number;
}

/** Structure-aware mutation of one valid input: flips, cuts, repeats, splices, swaps of lines, tokens. */
export const mutate = (
  input: Buffer,
  { corpus, dictionary = [] }: Pick<FuzzOptions, "corpus" | "dictionary">,
  random: () => number,
): Buffer => {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = Buffer.from(input);
  const rounds = 1 + below(4);
  for (let round = 0; round < rounds; round += 1) {
    const at = below(bytes.length + 1);
    const to = Math.min(bytes.length, at + below(32));
    switch (below(8)) {
      case 0:
        if (bytes.length > 0) bytes[below(bytes.length)] = below(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4: {
        const other = corpus[below(corpus.length)] ?? bytes;
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1))]);
        break;
      }
      case 5: {
        const token = dictionary[below(Math.max(1, dictionary.length))] ?? String(2 ** below(54));
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(token, "latin1"), bytes.subarray(to)]);
        break;
      }
      case 6: {
        const lines = bytes.toString("latin1").split("\n");
        const [line = ""] = lines.splice(below(lines.length), 1);
        lines.splice(below(lines.length + 1), 0, line);
        bytes = Buffer.from(lines.join("\n"), "latin1");
        break;
      }
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(below(64), below(256)), bytes.subarray(at)]);
    }
    if (bytes.length > 1 << 20) bytes = bytes.subarray(0, 1 << 20);
  }
  return bytes;
};

const judgedRuns = 5;

/**
 * Shows that a parser is total: every input returns, or throws a GatehouseError, within its budget.
 * The failing input is printed as base64 with its number.
 */
export const fuzz = (parse: (input: Buffer) => unknown, options: FuzzOptions): void => {
  const { corpus, inputs = 20_000, seed = 1, budgetMs = 50 } = options;
  const random = seeded(seed);
  let slowest: { ms: number; input: Buffer } = { ms: 0, input: Buffer.alloc(0) };
  for (let index = 0; index < inputs; index += 1) {
    const base = corpus[Math.floor(random() * corpus.length)] ?? Buffer.alloc(0);
    const input = mutate(base, options, random);
    const start = process.cpuUsage();
    try {
      parse(input);
    } catch (error) {
      if (!isGatehouseError(error)) {
        throw new Error(`input ${index} (${input.toString("base64")}) threw something else`, { cause: error });
      }
    }
    const used = process.cpuUsage(start);
    const ms = (used.user + used.system) / 1_000;
    if (ms > slowest.ms) slowest = { ms, input };
  }
  // CPU time of one input, so a busy machine does not matter; garbage collection can fall into any run, so the best of a few counts.
  if (slowest.ms > budgetMs) {
    const runs = Array.from({ length: judgedRuns }, () => {
      const start = process.cpuUsage();
      try {
        parse(slowest.input);
      } catch {
        // Judged above.
      }
      const used = process.cpuUsage(start);
      return (used.user + used.system) / 1_000;
    });
    expect(Math.min(...runs)).toBeLessThan(budgetMs);
  }
};
