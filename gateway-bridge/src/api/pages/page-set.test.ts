import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { readPages, type Page } from "./page-set.ts";

const shell = `<html><head><script src="/app/app.js"></script>\n  </head></html>`;

describe("readPages", () => {
  let folder: string;
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  const read = (): Promise<readonly Page[]> => readPages(pathToFileURL(`${folder}/`));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-pages-"));
    await mkdir(join(folder, "views"));
    await write("index.html", shell);
    await write("app.js", `import "./views/home.js";`);
    await write("views/home.js", "");
    await write("style.css", "");
    await write("icon.svg", "<svg/>");
    // What lies there beside the pages.
    await write("tsconfig.json", "{}");
    await write("uqr.d.ts", "");
    await write("app.test.ts", "");
    await write("secret.pem", "");
    await write(".hidden.js", "");
    await write("a b.js", "");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes what browsers need, and nothing else", async () => {
    const pages = await read();
    const names = pages.map(({ path }) => path.replace(/^\/app\/[0-9a-f]{16}\//, ""));
    expect(names).toEqual(["/", "app.js", "icon.svg", "style.css", "uqr.js", "views/home.js"]);
    expect(pages.map(({ type }) => type)).toEqual([
      "text/html; charset=utf-8",
      "text/javascript; charset=utf-8",
      "image/svg+xml",
      "text/css; charset=utf-8",
      "text/javascript; charset=utf-8",
      "text/javascript; charset=utf-8",
    ]);
  });

  it("lets browsers keep everything but the shell, which names the rest and asks for every module at once", async () => {
    const [first, ...assets] = await read();
    expect([first?.path, first?.immutable]).toEqual(["/", false]);
    expect(assets.every(({ immutable }) => immutable)).toBe(true);
    const text = first?.body.toString() ?? "";
    const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    const modules = assets.map(({ path }) => path).filter((path) => path.endsWith(".js"));
    expect(new Set(named)).toEqual(new Set(modules));
  });

  it("gives every file another path once one of them changes", async () => {
    const before = await read();
    expect(await read()).toEqual(before);
    await write("views/home.js", "export {};");
    const after = await read();
    const paths = new Set(before.slice(1).map(({ path }) => path));
    expect(after.slice(1).filter(({ path }) => paths.has(path))).toEqual([]);
  });

  it("does not start without its shell", async () => {
    await symlink(join(folder, "nowhere.js"), join(folder, "broken.js"));
    await expect(read()).rejects.toThrow("ENOENT");
    await rm(join(folder, "broken.js"));
    await rm(join(folder, "index.html"));
    await expect(read()).rejects.toThrow("ENOENT");
  });
});

it("reads the pages that are shipped, each of whose imports is among them", async () => {
  const pages = await readPages();
  const paths = new Set(pages.map(({ path }) => path));
  const imports = pages
    .filter(({ path }) => path.endsWith(".js"))
    .flatMap(({ path, body }) =>
      [...body.toString().matchAll(/^import (?:[^;]*? from )?"([^"]+)";/gm)].map(
        ([, target = ""]) => new URL(target, `https://gateway${path}`).pathname,
      ),
    );
  expect(imports.length).toBeGreaterThan(20);
  expect(imports.filter((path) => !paths.has(path))).toEqual([]);
});
