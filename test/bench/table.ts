import type { Report } from "./harness.ts";
import type { Metric } from "./statistics.ts";

const digits = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

const align = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, at) => Math.max(cell.length, all[at] ?? 0)), []);
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};

const metricRows = (who: string, metrics: Readonly<Record<string, Metric>>): readonly (readonly string[])[] =>
  Object.entries(metrics).map(([name, { median, p10, p90, n, unit }]) => [
    who,
    name,
    digits(median),
    digits(p10),
    digits(p90),
    String(n),
    unit,
  ]);

/** The report for people. */
export const formatReport = ({ name, host, rounds, metrics, competitors, ratios, verdict }: Report): string => {
  const steal = host.steal === null ? "unknown" : `${(100 * host.steal).toFixed(1)} %`;
  const measured = align([
    ["", "metric", "median", "p10", "p90", "n", "unit"],
    ...metricRows("ours", metrics),
    ...Object.entries(competitors).flatMap(([who, { version, metrics: theirs }]) =>
      metricRows(`${who} ${version}`, theirs),
    ),
  ]);
  const judged = align([
    ["ratio", "value", "95 % interval", "limit", "stretch", "verdict"],
    ...Object.entries(ratios).map(([what, { value, low, high, limit, stretch, verdict: each }]) => [
      what,
      ...(Number.isNaN(value) ? ["-", "not measured"] : [value.toFixed(3), `${low.toFixed(3)} .. ${high.toFixed(3)}`]),
      Number(limit.toFixed(3)).toString(),
      stretch === undefined ? "" : `${stretch}${value <= stretch ? " reached" : " missed"}`,
      each,
    ]),
  ]);
  const where = `${host.cpu}, ${host.cores} cores, ${host.platform}, Node ${host.node}`;
  const busy = `load ${host.load.join(" -> ")}, steal ${steal}, ${rounds} rounds`;
  const lacking = Object.entries(competitors).flatMap(([who, { version, unavailable }]) =>
    unavailable === undefined ? [] : [`not measured: ${who} ${version}: ${unavailable}`],
  );
  return [`${name}: ${verdict}`, where, busy, "", measured, "", judged, ...lacking].join("\n");
};
