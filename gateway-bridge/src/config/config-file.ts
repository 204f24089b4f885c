import { GatehouseError, systemCode } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";
import type { z } from "zod";

import { nearest } from "./nearest.ts";

const largestFile = 256 * 1024;

/** A configuration file that people write. */
export interface ConfigForm<T> {
  readonly schema: z.ZodType<T>;
  /** Any one that is right: it shows which keys there are. */
  readonly example: unknown;
}

/**
 * Reads a configuration file; undefined where there is none.
 * @throws GatehouseError `config-invalid` naming file, key and rule, never the value
 */
export const readConfigFile = async <T>(file: string, form: ConfigForm<T>): Promise<T | undefined> => {
  const text = await readText(file);
  return text === undefined ? undefined : parseConfig(file, parseJson(file, text), form);
};

/** @throws GatehouseError `config-invalid` */
export const parseConfig = <T>(file: string, content: unknown, { schema, example }: ConfigForm<T>): T => {
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw invalid(file, parsed.error.issues, example);
  return deepFreeze(parsed.data);
};

const readText = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    throw new GatehouseError("config-invalid", `${file} cannot be read (${code ?? "unknown"}).`, { cause: error });
  }
};

const parseJson = (file: string, text: string): unknown => {
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

const invalid = (file: string, issues: readonly z.core.$ZodIssue[], example: unknown): GatehouseError => {
  const rules = issues.slice(0, 5).map((issue) => describe(issue, example));
  return new GatehouseError("config-invalid", `${file}: ${rules.join("; ")}.`, {
    details: { keys: issues.slice(0, 5).map((issue) => keyOf(issue)) },
  });
};

const keyOf = (issue: z.core.$ZodIssue): string => issue.path.map(String).join(".");

const describe = (issue: z.core.$ZodIssue, example: unknown): string => {
  const place = keyOf(issue);
  if (issue.code !== "unrecognized_keys") return `\`${place === "" ? "the file" : place}\`: ${issue.message}`;
  return issue.keys
    .slice(0, 5)
    .map((key) => {
      const path = (place === "" ? key : `${place}.${key}`).slice(0, 100);
      const known = nearest(key, keysAt(example, issue.path));
      return known === undefined ? `unknown key \`${path}\`` : `unknown key \`${path}\`, did you mean \`${known}\`?`;
    })
    .join("; ");
};

/** The keys that there are in the object at this path. */
const keysAt = (example: unknown, path: readonly PropertyKey[]): readonly string[] => {
  let value: unknown = example;
  for (const key of path) value = Reflect.get(Object(value) as object, key);
  return Object.keys(Object(value) as object);
};

const deepFreeze = <T>(value: T): T => {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
};
