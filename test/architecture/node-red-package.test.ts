import { describe, expect, it } from "@jest/globals";

import { filesIn, read } from "../support/repository.ts";

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly repository?: { readonly directory?: string };
  readonly bugs?: unknown;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly dependencies?: object;
  readonly "node-red": { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}

const manifest = JSON.parse(read("node-red-nodes/package.json")) as Manifest;
const nodes = Object.keys(manifest["node-red"].nodes);
const page = (node: string): string => read(`node-red-nodes/src/nodes/${node}/${node}.html`);
const typeOf = (node: string): string => /registerType\("([^"]+)"/.exec(page(node))?.[1] ?? "";

/** The rules by which flows.nodered.org scores a package, as far as they can be checked without it. */
describe("the Node-RED package", () => {
  it("has a scoped name, a licence, a repository folder and the keyword (P01-P05)", () => {
    expect(manifest.name).toMatch(/^@[a-z-]+\/node-red-/);
    expect(manifest.license).toBe("MIT");
    expect(manifest.repository?.directory).toBe("node-red-nodes");
    expect(manifest.bugs).toBeDefined();
    expect(manifest.keywords).toContain("node-red");
  });

  it("admits the oldest Node.js that Node-RED 5 admits (P07) and brings at most six dependencies (D01)", () => {
    expect(manifest.engines.node).toBe(">=22.9");
    expect(Object.keys(manifest.dependencies ?? {}).length).toBeLessThanOrEqual(6);
  });

  it("uses every node but config nodes in its examples (N02)", () => {
    const examples = filesIn("node-red-nodes/examples", (path) => path.endsWith(".json"))
      .map(read)
      .join("\n");
    const used = nodes.filter((node) => !/category:\s*"config"/.test(page(node))).map(typeOf);
    expect(used.length).toBeGreaterThan(1);
    for (const type of used) expect(examples).toContain(`"type": "${type}"`);
  });

  it.each(nodes)("gives the %s node a prefixed type, help and texts for every label", (node) => {
    expect(typeOf(node)).toMatch(/^gatehouse-/);
    expect(page(node)).toContain(`<script type="text/markdown" data-help-name="${typeOf(node)}">`);
    const texts = JSON.parse(read(`node-red-nodes/src/nodes/${node}/locale.json`)) as Record<
      string,
      Record<string, string>
    >;
    const keys = [
      ...page(node).matchAll(
        /data-i18n="(?:\[[a-z]+\])?([a-zA-Z]+)\.([a-zA-Z]+)"|this\._\("([a-zA-Z]+)\.([a-zA-Z]+)"\)/g,
      ),
    ];
    expect(keys.length).toBeGreaterThan(0);
    for (const [, group = "", key = "", group2 = "", key2 = ""] of keys) {
      expect(texts[group || group2]?.[key || key2]).toEqual(expect.any(String));
    }
  });

  it("asks for permission on every admin route", () => {
    const sources = filesIn("node-red-nodes/src", (path) => path.endsWith(".ts"))
      .map(read)
      .join("\n");
    const routes = [...sources.matchAll(/httpAdmin\.(?:get|post|put|delete)\(([^\n]*)/g)];
    expect(routes.length).toBeGreaterThan(0);
    for (const [, args] of routes) expect(args).toContain("needsPermission(");
  });
});
