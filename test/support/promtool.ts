import { spawnSync } from "node:child_process";

import { promtool } from "./packages.ts";

/**
 * What Prometheus' own tool says: `check rules FILE`, `test rules FILE`, or `check metrics` with a scrape as `input`.
 * What it only warns of counts as a complaint.
 */
export const askPromtool = (
  args: readonly string[],
  input = "",
): { readonly status: number | null; readonly said: string; readonly complaints: string } => {
  const { status, stdout, stderr } = spawnSync(promtool, args, { input, encoding: "utf8", timeout: 60_000 });
  return { status, said: stdout, complaints: stderr };
};
