import { describe, expect, it } from "@jest/globals";
import { errorRegistry } from "@gatehouse/shared";
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";

import { commands } from "../../gateway-bridge/src/cli/commands/index.ts";
import { relayCommands } from "../../gateway-bridge/src/relay-cli/commands/index.ts";
import { filesIn, packages, read, root } from "../support/repository.ts";

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...packages.map((name) => `${name}/README.md`).filter((path) => existsSync(join(root, path))),
];

const withoutBlocks = (text: string): string => text.replace(/^```[^]*?^```/gm, "");
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
const codeOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** `media/stream`, `access/*.test.ts`, `handlers.ts`; neither `/live` nor `@gatehouse/shared`, nor a command with its arguments. */
const looksLikePath = (code: string): boolean =>
  /^[\w.*-]+(\/[\w.*<>-]+)*\/?$/.test(code) &&
  (code.includes("/") || /\.(ts|js|json|md)$/.test(code)) &&
  !code.startsWith("~");
/** Files that are made at people's homes. */
const elsewhere = new Set(["config.json", "relay.json", "gatehouse/identity.json"]);

const everything = new Set(
  ["shared", "gateway-bridge", "homebridge-plugin", "node-red-nodes", "test", ".ci"].flatMap((folder) =>
    filesIn(folder, () => true),
  ),
);

/** Paths may be told from the checkout, from the gateway's source, or, for a lone file, from anywhere. */
const exists = (path: string): boolean => {
  if (path.includes("<")) return true;
  if (path.includes("*")) {
    return ["", "gateway-bridge/src"].some(
      (base) => globSync(join(root, base, "**", path), { exclude: (name) => name.includes("node_modules") }).length > 0,
    );
  }
  const bare = path.replace(/\/$/, "");
  const places = [bare, join("gateway-bridge/src", bare)].flatMap((one) => [one, `${one}.ts`]);
  if (places.some((one) => existsSync(join(root, one)))) return true;
  return !bare.includes("/") && [...everything].some((one) => one.endsWith(`/${bare}`));
};

describe.each(documents)("%s", (document) => {
  const text = read(document);

  it("links to what is there", () => {
    expect(linksOf(text).filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([]);
  });

  it("names paths that are there", () => {
    const paths = codeOf(text)
      .filter(looksLikePath)
      .filter((path) => !elsewhere.has(path));
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it("names npm scripts that are there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/\bnpm (?:run (?:-s )?)?([a-z:]+)/g)].map(([, name = ""]) => name);
    const own = new Set(["ci", "install", "exec", "pack"]);
    expect(
      named.filter((name) => !own.has(name) && !Object.hasOwn(scripts, name) && text.includes(`npm run ${name}`)),
    ).toEqual([]);
  });

  it.each([
    ["gatehouse", commands],
    ["gatehouse-relay", relayCommands],
  ])("names commands of %s that are there", (program, all) => {
    const called = [...text.matchAll(new RegExp(`(?:^|\`|npx )${program} ([a-z][a-z-]*(?: [a-z-]+){0,2})`, "gm"))];
    // What follows a command of fewer words is its operands.
    const known = (words = ""): boolean => all.some(({ path }) => `${words} `.startsWith(`${path.join(" ")} `));
    expect(called.filter(([, words]) => !known(words)).map(([call]) => call)).toEqual([]);
  });
});

it("the README's table of what can go wrong names codes of the registry", () => {
  const table = read("README.md").split("## What can go wrong")[1]?.split("\n## ")[0] ?? "";
  const codes = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(3);
  expect(codes.filter((code) => !Object.hasOwn(errorRegistry, code))).toEqual([]);
});

it("tells what is there from what is not", () => {
  expect(exists("shared/src/kernel/errors.ts")).toBe(true);
  expect(exists("media/stream")).toBe(true);
  expect(exists("access/*.test.ts")).toBe(true);
  expect(exists("media/steam")).toBe(false);
  expect(exists("no-such/*.test.ts")).toBe(false);
  expect(looksLikePath("protocols/<codec>/")).toBe(true);
  expect(looksLikePath("camera add rtsp://...")).toBe(false);
});
