import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** One file that every browser may have: it holds nothing of this home. */
export interface Page {
  /** All of the path under which it is asked for. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Whether this path never has another content. */
  readonly immutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const shipped = new URL("../../../pages/", import.meta.url);
/** A module of a package, under the name by which the pages import it. */
const borrowed = {
  name: "uqr.js",
  file: new URL("index.mjs", pathToFileURL(createRequire(import.meta.url).resolve("uqr"))),
};

/**
 * The pages as they are served, read once: what is asked for later is looked up here and nowhere else.
 *
 * All but the shell lie below a folder that is named after their content, so that browsers keep them for good and never mix two
 * versions, and the modules import each other by the names that they have on disk.
 */
export const readPages = async (folder: URL = shipped): Promise<readonly Page[]> => {
  const shell = await readFile(new URL("index.html", folder), "utf8");
  const assets = [...(await readAssets(folder)), { name: borrowed.name, body: await readFile(borrowed.file) }];
  assets.sort((one, other) => (one.name < other.name ? -1 : 1));
  const digest = hash("sha256", Buffer.concat(assets.flatMap(({ name, body }) => [Buffer.from(`${name}\0`), body])));
  const base = `/app/${digest.slice(0, 16)}`;
  return [
    { path: "/", type: "text/html; charset=utf-8", body: shellFor(shell, base, assets), immutable: false },
    ...assets.map(({ name, body }) => ({ path: `${base}/${name}`, type: typeOf(name) ?? "", body, immutable: true })),
  ];
};

interface Asset {
  /** Below the folder, with slashes. */
  readonly name: string;
  readonly body: Buffer;
}

const readAssets = async (folder: URL): Promise<Asset[]> => {
  const names = (await readdir(folder, { recursive: true })).filter((name) => typeOf(name) !== undefined);
  return Promise.all(names.map(async (name) => ({ name, body: await readFile(new URL(name, folder)) })));
};

const typeOf = (name: string): string | undefined => types[/^[\w/-]+\.([a-z]+)$/.exec(name)?.[1] ?? ""];

/** The shell with its files' true names, and all modules asked for at once: else each is found only in the one before. */
const shellFor = (shell: string, base: string, assets: readonly Asset[]): Buffer => {
  const preloads = assets
    .filter(({ name }) => name.endsWith(".js"))
    .map(({ name }) => `    <link rel="modulepreload" href="${base}/${name}" />\n`);
  const named = shell.replaceAll('"/app/', `"${base}/`);
  return Buffer.from(named.replace("  </head>", `${preloads.join("")}  </head>`));
};
