import { routes, toGatehouseError, type Principal, type Route, type RouteName } from "@gatehouse/shared";

import type { AuditSink } from "../ports.ts";

export interface Deed {
  readonly name: RouteName;
  readonly principal: Principal | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Whether what a route does is written down each time: what changes something, and who looked live or took a file. Starting and ending a
 * session belong to its preparation. Pairing and signing in are written down where they happen, because before them nobody is known.
 */
export const isAudited = (name: RouteName): boolean => {
  const { method, access, response }: Route = routes[name];
  if (access.on === "pairing" || access.on === "anybody" || access.on === "session") return false;
  return method !== "GET" || name === "live" || response === "mp4" || response === "file";
};

/** Whether it is written down, but what repeats as one row: every other way to a camera. */
export const isTallied = (name: RouteName): boolean => {
  const { access }: Route = routes[name];
  return !isAudited(name) && (access.on === "camera" || access.on === "session" || access.on === "paired");
};

/** Runs a deed between its two rows: `allowed` before, without which it does not happen, then `done` or `failed`. */
export const audited = async <T>(audit: AuditSink, deed: Deed, run: () => Promise<T>): Promise<T> => {
  if (!isAudited(deed.name)) return run();
  const principal = deed.principal?.id ?? "-";
  const target = deed.params["camera"] ?? deed.params["principal"] ?? "-";
  const row = { principal, action: deed.name, target };
  audit.append({ ...row, outcome: "allowed", detail: "" });
  let answer: T;
  try {
    answer = await run();
  } catch (error) {
    audit.append({ ...row, outcome: "failed", detail: toGatehouseError(error).code });
    throw error;
  }
  audit.append({ ...row, target: idOf(answer) ?? target, outcome: "done", detail: "" });
  return answer;
};

/** The id of what was made. */
const idOf = (answer: unknown): string | undefined =>
  typeof answer === "object" && answer !== null && "id" in answer && typeof answer.id === "string"
    ? answer.id
    : undefined;
