// Makes dist/: one CommonJS bundle, with @gatehouse/shared inside, and beside each node its editor page and texts.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";

const source = join(import.meta.dirname, "src/nodes");
const dist = join(import.meta.dirname, "dist");
const nodes = ["gateway", "event", "snapshot"];

await rm(dist, { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(nodes.map((node) => [node, join(source, node, "index.ts")])),
  platform: "node",
  resolve: { conditionNames: ["source", "node", "import", "default"] },
  // Optional speed-ups that ws does without.
  external: ["bufferutil", "utf-8-validate"],
});
await bundle.write({
  dir: dist,
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
  await writeFile(join(dist, `${node}.html`), outdentHelp(page));
  const locale = join(dist, "locales/en-US");
  await mkdir(locale, { recursive: true });
  await cp(join(source, node, "locale.json"), join(locale, `${node}.json`));
}
