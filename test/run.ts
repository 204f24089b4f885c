/**
 * The test command: installs what the tests talk to where it may, runs jest, and closes with one line of counts.
 *
 *   node --conditions=source test/run.ts [--select unit,architecture,integration,e2e] [jest arguments]
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { floors, hasNode, installNode } from "./support/node-versions.ts";
import { have, needs, type Need, type NeedName } from "./support/packages.ts";
import { root } from "./support/repository.ts";
import { unpackProgram } from "./support/unpack-program.ts";

interface JestSuite {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

/** The part of jest's `--json` report that is read here. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly JestSuite[];
}

const say = (line: string): void => console.log(line);

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? 1));
  });

const missing = (): NeedName[] => (Object.keys(needs) as NeedName[]).filter((name) => !have(name));

/** Takes the one program that is wanted out of each of these packages. */
const unpackPrograms = async (wanted: readonly Need[]): Promise<void> => {
  for (const {
    packages: [name = ""],
    only = "",
    files: [to = ""],
  } of wanted) {
    say(`Taking ${only} out of Debian's ${name} for the tests`);
    await unpackProgram(name, only, to).catch((error: unknown) =>
      say(`It cannot be had here, so its tests are skipped: ${String(error)}`),
    );
  }
};

/** Installs Debian's packages for what is missing, as root on Debian; otherwise says what to install. */
const prepare = async (): Promise<void> => {
  const unmet: readonly Need[] = missing().map((name) => needs[name]);
  if (unmet.length === 0) return;
  const wanted = unmet.filter(({ only }) => only === undefined).flatMap(({ packages }) => packages);
  const all = unmet.flatMap(({ packages }) => packages);
  const command = `apt-get install -y --no-install-recommends ${all.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    say(`Some tests need programs that are missing here and will be skipped. On Debian, as root: ${command}`);
    return;
  }
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], quiet);
  if (wanted.length > 0) {
    say(`Installing for the tests: ${wanted.join(" ")}`);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...wanted], quiet);
  }
  await unpackPrograms(unmet.filter(({ only }) => only !== undefined));
};

const missingNodes = (): string[] => Object.values(floors).filter((version) => !hasNode(version));

/** Fetches the oldest Node.js versions that the plugins promise to run on. */
const prepareNodes = async (): Promise<void> => {
  for (const version of missingNodes()) {
    say(`Fetching Node.js ${version} from npm, on which the plugins must still run`);
    await installNode(version).catch((error: unknown) =>
      say(`It cannot be had here, so its tests are skipped: ${String(error)}`),
    );
  }
};

const printSlowest = (suites: readonly JestSuite[]): void => {
  const slowest = suites
    .map(({ name, startTime, endTime }) => ({ name: name.replace(root, ""), seconds: (endTime - startTime) / 1_000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 8);
  say("\nSlowest suites:");
  for (const { name, seconds } of slowest) say(`${seconds.toFixed(1).padStart(8)} s  ${name}`);
};

const jest = async (args: readonly string[]): Promise<JestReport | undefined> => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-test-"));
  const report = join(folder, "report.json");
  try {
    await run(
      process.execPath,
      [
        join(root, "node_modules/jest/bin/jest.js"),
        "--maxWorkers=2",
        // Jest keeps some of each suite's modules for good, and a large heap stops a worker for long whenever it is cleaned up.
        "--workerIdleMemoryLimit=700MB",
        "--json",
        `--outputFile=${report}`,
        ...args,
      ],
      { NODE_OPTIONS: "--experimental-vm-modules --disable-warning=ExperimentalWarning" },
    );
    return existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as JestReport) : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const main = async (): Promise<number> => {
  const [flag, list = "", ...rest] = process.argv.slice(2);
  const selected = flag === "--select" ? list.split(",") : undefined;
  const quick = selected?.every((name) => name === "unit" || name === "architecture") ?? false;
  if (!quick) {
    await prepare();
    await prepareNodes();
  }

  const started = performance.now();
  const args =
    selected === undefined
      ? process.argv.slice(2)
      : ["--selectProjects", ...selected, ...(rest.length > 0 ? ["--", ...rest] : [])];
  const report = await jest(args);
  if (report === undefined) {
    say("jest ended without a report");
    say("0 passed, 1 failed, 0 skipped");
    return 1;
  }

  printSlowest(report.testResults);
  say(`Tests took ${((performance.now() - started) / 1_000).toFixed(0)} s.`);
  const unmet = process.env["CI"] === "true" && !quick ? missing() : [];
  const unmetNodes = process.env["CI"] === "true" && !quick ? missingNodes() : [];
  for (const version of unmetNodes) say(`CI must have Node.js ${version} from npm`);
  for (const name of unmet) say(`CI must have ${name}: apt-get install ${needs[name].packages.join(" ")}`);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites + unmet.length + unmetNodes.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  say(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 && report.numPassedTests > 0 ? 0 : 1;
};

process.exitCode = await main();
