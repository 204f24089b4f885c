/**
 * What `npm run check` does: the checks of package.json, two at a time where there are two cores. Each says what it has to say when it ends.
 *
 *   node --conditions=source test/check.ts
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";

import { root } from "./support/repository.ts";

/** The two that take the most memory, 2 to 3 GB, are apart, so that they do not meet. */
const first = ["lint:gateway", "types", "lint:test", "format", "lint:rest"] as const;
/** Looks at what the others may be writing still. */
const last = "architecture";

/** Whether it found nothing. */
const check = async (name: string): Promise<boolean> => {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", `check:${name}`], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", resolve);
  });
  const [said, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  console.log(`${said}${complaint}${code === 0 ? "passed" : "FAILED"} ${name}, ${seconds} s`);
  return code === 0;
};

const failed: string[] = [];
const waiting: string[] = [...first];
const lane = async (): Promise<void> => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (!(await check(name))) failed.push(name);
  }
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
if (!(await check(last))) failed.push(last);
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
