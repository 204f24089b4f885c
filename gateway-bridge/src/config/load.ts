import { GatehouseError, systemCode } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";

import { nearest } from "./nearest.ts";
import { Config } from "./schema.ts";

const largestFile = 256 * 1024;

/**
 * Reads `config.json` in the data folder; without one the defaults hold.
 * @throws GatehouseError `config-invalid` naming file, key and rule, never the value
 */
export const loadConfig = async (data: string): Promise<Config> => {
  const file = join(data, "config.json");
  const parsed = Config.safeParse(await readJson(file));
  if (!parsed.success) throw invalid(file, parsed.error.issues);
  return deepFreeze(parsed.data);
};

const readJson = async (file: string): Promise<unknown> => {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return {};
    throw new GatehouseError("config-invalid", `${file} cannot be read (${code ?? "unknown"}).`, { cause: error });
  }
  if (text.length > largestFile)
    throw new GatehouseError("config-invalid", `${file} is larger than a configuration can be.`);
  try {
    // Editors of Windows put a byte order mark before the text.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The parser's own message quotes the file, which may hold what somebody pasted by mistake.
    throw new GatehouseError("config-invalid", `${file} is not valid JSON.`, {
      remedy: "Look for a missing comma, quote or bracket; nothing was changed.",
    });
  }
};

const invalid = (file: string, issues: readonly z.core.$ZodIssue[]): GatehouseError => {
  const rules = issues.slice(0, 5).map((issue) => describe(issue));
  return new GatehouseError("config-invalid", `${file}: ${rules.join("; ")}.`, {
    details: { keys: issues.slice(0, 5).map((issue) => keyOf(issue)) },
  });
};

const keyOf = (issue: z.core.$ZodIssue): string => issue.path.map(String).join(".");

const describe = (issue: z.core.$ZodIssue): string => {
  const place = keyOf(issue);
  if (issue.code !== "unrecognized_keys") return `\`${place === "" ? "the file" : place}\`: ${issue.message}`;
  return issue.keys
    .slice(0, 5)
    .map((key) => {
      const path = (place === "" ? key : `${place}.${key}`).slice(0, 100);
      const known = nearest(key, keysAt(issue.path));
      return known === undefined ? `unknown key \`${path}\`` : `unknown key \`${path}\`, did you mean \`${known}\`?`;
    })
    .join("; ");
};

/** The keys that the schema knows in the object at this path. */
const keysAt = (path: readonly PropertyKey[]): readonly string[] => {
  let value: unknown = Config.parse({});
  for (const key of path) value = Reflect.get(Object(value) as object, key);
  return Object.keys(Object(value) as object);
};

const deepFreeze = <T>(value: T): T => {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
};
