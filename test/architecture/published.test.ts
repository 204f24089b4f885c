import { describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { filesIn, read } from "../support/repository.ts";

const run = promisify(execFile);

/** What npm would publish of a package once it is built, decided by npm itself over empty files in the place of the real ones. */
const published = async (folder: string): Promise<string[]> => {
  const copy = await mkdtemp(join(tmpdir(), "gatehouse-published-"));
  const built = filesIn(folder, () => true)
    .map((path) => path.slice(folder.length + 1))
    .flatMap((path) =>
      /^src\/.*\.ts$/.test(path)
        ? [
            path,
            path.replace(/^src\//, "dist/").replace(/\.ts$/, ".js"),
            path.replace(/^src\//, "dist/").replace(/\.ts$/, ".d.ts"),
          ]
        : [path],
    );
  try {
    for (const path of built) {
      await mkdir(join(copy, dirname(path)), { recursive: true });
      await writeFile(join(copy, path), "");
    }
    await writeFile(join(copy, "package.json"), read(`${folder}/package.json`));
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--silent", "--ignore-scripts"], { cwd: copy });
    const [{ files }] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
    return files.map(({ path }) => path);
  } finally {
    await rm(copy, { recursive: true });
  }
};

// The Node-RED nodes are bundled: what is published of them is tested in a real Node-RED.
describe.each([
  ["shared", ["dist/index.js"]],
  [
    "gateway-bridge",
    [
      "bin/gatehouse.js",
      "bin/gatehouse-relay.js",
      "data/common-passwords.txt",
      "data/words.txt",
      "NOTICE",
      "pages/index.html",
      "pages/style.css",
      "pages/views/sign-in.js",
    ],
  ],
  ["homebridge-plugin", ["config.schema.json"]],
])("what is published of %s", (folder, needed) => {
  it("is what runs, and its licence: no source, no test, and no double but those that it exports", async () => {
    const files = await published(folder);
    const { exports } = JSON.parse(read(`${folder}/package.json`)) as { exports: Record<string, unknown> };
    const doubles = "./testing" in exports ? /^dist\/testing\// : undefined;
    expect(files).toEqual(expect.arrayContaining(needed));
    expect(files).toContain("LICENSE");
    expect(files).toContain("README.md");
    expect(files.filter((path) => path.startsWith("src/") || path.includes(".test."))).toEqual([]);
    expect(files.filter((path) => path.includes("/testing/") && doubles?.test(path) !== true)).toEqual([]);
  });
});
