/**
 * Runs a benchmark, or lists them.
 *
 *   npm run bench -- [NAME] [--json] [--rounds N] [--quick]
 *
 * The table goes to standard output, or with --json one line of JSON, and the table to standard error. Ends with 0 when every ratio
 * passes, 1 when one fails, 2 when that cannot be told (run it again on a quieter machine), 64 for wrong arguments.
 */
import { parseArgs } from "node:util";

import { isError } from "@gatehouse/shared";

import { cameras } from "./cameras.ts";
import { fanout } from "./fanout.ts";
import type { Benchmark } from "./harness.ts";
import { live } from "./live.ts";
import { posture } from "./posture.ts";
import { relay } from "./relay.ts";
import { snapshot } from "./snapshot.ts";
import { soak } from "./soak.ts";
import { srtp } from "./srtp.ts";
import type { Verdict } from "./statistics.ts";
import { formatReport } from "./table.ts";

const benchmarks: readonly Benchmark[] = [live, fanout, cameras, snapshot, relay, soak, posture, srtp];

const exitCodes: Readonly<Record<Verdict, number>> = { pass: 0, fail: 1, inconclusive: 2 };
const usageError = 64;

const list = (): string =>
  [
    "Benchmarks (npm run bench -- NAME [--json] [--rounds N] [--quick]):",
    ...benchmarks.map(({ name, rounds, summary }) => `  ${name.padEnd(12)}${summary} (${rounds} rounds)`),
    "",
    "--quick      few viewers, short windows, nothing that would be downloaded: shows that it runs, and concludes nothing",
    "GATEHOUSE_BENCH_PROFILE=FOLDER leaves a CPU profile of each process there",
  ].join("\n");

interface Arguments {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly rounds: number | undefined;
  readonly quick: boolean;
}

const parse = (): Arguments => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error("--rounds takes a whole number above 0");
  if (positionals.length > 1) throw new Error("one benchmark at a time");
  return { name: positionals[0], json: values.json, rounds, quick: values.quick };
};

const main = async (): Promise<number> => {
  let args: Arguments;
  try {
    args = parse();
  } catch (error) {
    console.error(`${isError(error) ? error.message : String(error)}\n\n${list()}`);
    return usageError;
  }
  if (args.name === undefined) {
    console.log(list());
    return 0;
  }
  const benchmark = benchmarks.find(({ name }) => name === args.name);
  if (benchmark === undefined) {
    console.error(`There is no benchmark of the name ${args.name}.\n\n${list()}`);
    return usageError;
  }
  const { quick } = args;
  const rounds = args.rounds ?? (quick ? 1 : benchmark.rounds);
  const report = await benchmark.run({ rounds, quick, note: (line) => console.error(line) });
  if (args.json) {
    console.error(formatReport(report));
    console.log(JSON.stringify(report));
  } else console.log(formatReport(report));
  return exitCodes[report.verdict];
};

process.exitCode = await main();
