/**
 * The demo: a simulated camera behind a gateway, seen in Apple Home (Homebridge) and in a Node-RED flow.
 *
 *   npm run demo                       keeps running and shows what to open
 *   npm run demo -- --once [--json]    does the whole job by itself and reports
 *   npm run demo -- --data DIR         keeps the house in DIR (default: .cache/demo)
 *   npm run demo -- --fresh            forgets the house of earlier runs first
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { root } from "../support/repository.ts";
import { runOnce, StepError, type Report } from "./once.ts";
import { show } from "./show.ts";

const { values } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    data: { type: "string" },
    fresh: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const note = (line: string): void => console.error(line);

const asText = (report: Report): string =>
  Object.entries(report)
    .filter(([key]) => key !== "ok")
    .map(([key, value]) => `${key.padEnd(20)} ${JSON.stringify(value)}`)
    .join("\n");

const once = async (): Promise<number> => {
  const folder = values.data === undefined ? await mkdtemp(join(tmpdir(), "gatehouse-demo-")) : resolve(values.data);
  try {
    const report = await runOnce({ folder, note });
    console.log(values.json ? JSON.stringify(report) : asText(report));
    return 0;
  } catch (error) {
    const failed = error instanceof StepError ? error : new StepError("demo", error);
    if (values.json) console.log(JSON.stringify({ ok: false, step: failed.step, error: failed.message }));
    note(`The demo failed at "${failed.step}": ${failed.message}`);
    return 1;
  } finally {
    if (values.data === undefined) await rm(folder, { recursive: true, force: true });
  }
};

const stay = async (): Promise<number> => {
  const folder = values.data === undefined ? join(root, ".cache/demo") : resolve(values.data);
  if (values.fresh) await rm(folder, { recursive: true, force: true });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await show({ folder, note, signal: stop.signal });
  return 0;
};

if (values.help) {
  console.log("npm run demo -- [--once [--json]] [--data DIR] [--fresh]");
} else {
  process.exitCode = values.once ? await once() : await stay();
}
