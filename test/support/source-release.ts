import { join } from "node:path";

import { compileCache } from "./compile-cache.ts";
import { version as sourceVersion } from "../../gateway-bridge/src/version.ts";
import { script, type ReleaseFiles } from "./release.ts";
import { root } from "./repository.ts";

const main = join(root, "gateway-bridge/src/main.ts");

/** A text of a source file, and what the release has in its place. */
export type Change = readonly [file: string, from: string, to: string];

/** A release that runs this checkout's source with a version of its own, and with changes: the shape is a real one's. */
export const sourceRelease = (version: string, changes: readonly Change[] = []): ReleaseFiles => {
  const all: readonly Change[] = [["src/version.ts", `"${sourceVersion}"`, `"${version}"`], ...changes];
  return {
    "bin/gatehouse": script([
      `here=$(dirname "$(dirname "$(readlink -f "$0")")")`,
      `export GATEHOUSE_RELEASE="$here" NODE_COMPILE_CACHE='${compileCache.NODE_COMPILE_CACHE}'`,
      `exec '${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning --import "$here/app/changes.mjs" '${main}' "$@"`,
    ]),
    "app/changes.mjs": [
      `import { registerHooks } from "node:module";`,
      `const changes = ${JSON.stringify(all)};`,
      `registerHooks({ load(url, context, next) {`,
      `  const loaded = next(url, context);`,
      `  const found = changes.filter(([file]) => url.endsWith("/gateway-bridge/" + file));`,
      `  if (found.length === 0) return loaded;`,
      `  let source = String(loaded.source);`,
      `  for (const [file, from, to] of found) {`,
      `    if (!source.includes(from)) throw new Error(file + " has no " + from);`,
      `    source = source.replace(from, () => to);`,
      `  }`,
      `  return { ...loaded, source };`,
      `} });`,
    ].join("\n"),
  };
};

/** Gives some tables one step more. */
export const migrating = (step: string): Change => [
  "src/store/database.ts",
  "migrate({ name, steps }: Migrations): void {",
  `migrate({ name, steps: own }: Migrations): void { const steps = name === "principals" ? [...own, ${JSON.stringify(step)}] : own;`,
];
/** Whose table tells whether a database has its form. */
export const newTable = migrating("CREATE TABLE from_the_new_version (value TEXT) STRICT");
