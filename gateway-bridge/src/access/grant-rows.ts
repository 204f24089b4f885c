import { Grant } from "@gatehouse/shared";
import type { DatabaseSync } from "node:sqlite";

import { describeGrants } from "../domain/grant-text.ts";

/** An SQL expression: the grants of those rows as one JSON text, each without what does not limit it. */
export const grantsAsJson = (rows: string, order = "ordinal"): string =>
  `(SELECT json_group_array(
       json_patch('{}', json_object('action', action, 'camera', camera,
         'schedule', json(schedule), 'places', json(places), 'until', until)) ORDER BY ${order})
     FROM ${rows})`;

/** Puts these grants in the place of a principal's own, or of a role's. Each counts once. */
export const replaceGrants = (
  sql: DatabaseSync,
  { table, owner }: { readonly table: "grants" | "role_grants"; readonly owner: string },
  grants: readonly Grant[],
): void => {
  sql.prepare(`DELETE FROM ${table} WHERE ${table === "grants" ? "principal" : "role"} = ?`).run(owner);
  const insert = sql.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const different = new Map(grants.map((grant) => [JSON.stringify(Grant.parse(grant)), grant]));
  for (const [ordinal, { action, camera, schedule, places, until }] of [...different.values()].entries()) {
    insert.run(owner, ordinal, action, camera, textOf(schedule), textOf(places), until ?? null);
  }
};

const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** Longest description of somebody's grants in the audit log. */
const longestForm = 1_000;

/** Grants as the audit log has them. */
export const shortForm = (grants: readonly Grant[]): string => {
  const text = describeGrants(grants);
  return text.length <= longestForm ? text : `${text.slice(0, longestForm)}... (${grants.length} grants)`;
};
