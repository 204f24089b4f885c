// Makes dist/: one CommonJS bundle, with @gatehouse/shared inside, and beside each node its editor page and texts.
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";

const source = join(import.meta.dirname, "src/nodes");
const dist = join(import.meta.dirname, "dist");
const nodes = ["gateway", "event", "snapshot"];
/** On the same file system, and in nobody's way. */
const cache = join(import.meta.dirname, "../node_modules/.cache");
await mkdir(cache, { recursive: true });
const made = await mkdtemp(join(cache, "node-red-nodes-"));

const bundle = await rolldown({
  input: Object.fromEntries(nodes.map((node) => [node, join(source, node, "index.ts")])),
  platform: "node",
  resolve: { conditionNames: ["source", "node", "import", "default"] },
  // Optional speed-ups that ws does without.
  external: ["bufferutil", "utf-8-validate"],
});
await bundle.write({
  dir: made,
  format: "cjs",
  exports: "auto",
  entryFileNames: "[name].cjs",
  chunkFileNames: "chunks/[name].cjs",
});
await bundle.close();

/** The page with its help flush left: Node-RED's Markdown knows a property list by the colon that begins a line. */
const outdentHelp = (page) =>
  page.replace(/(<script type="text\/markdown"[^>]*>)([^]*?)(<\/script>)/g, (_, open, help, close) => {
    return `${open}${help.replace(/^ {2}/gm, "")}${close}`;
  });

for (const node of nodes) {
  const page = await readFile(join(source, node, `${node}.html`), "utf8");
  await writeFile(join(made, `${node}.html`), outdentHelp(page));
  const locale = join(made, "locales/en-US");
  await mkdir(locale, { recursive: true });
  await cp(join(source, node, "locale.json"), join(locale, `${node}.json`));
}

const filesIn = async (folder) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

// File by file, each whole at once: a Node-RED that runs with what is there reads some of it late, and others may be making it as well.
await mkdir(dist, { recursive: true });
const files = await filesIn(made);
for (const file of files) {
  await mkdir(dirname(join(dist, file)), { recursive: true });
  await rename(join(made, file), join(dist, file));
}
for (const file of await filesIn(dist)) if (!files.includes(file)) await rm(join(dist, file), { force: true });
await rm(made, { recursive: true });
