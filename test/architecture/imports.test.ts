import { describe, expect, it } from "@jest/globals";
import { dirname, join } from "node:path";

import { read, typescriptIn } from "../support/repository.ts";

/** What the file imports: package names, and for relative imports the path inside the checkout. */
const importsOf = (path: string, text = read(path)): string[] =>
  [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm)].map((match) => {
    const target = match[1] ?? match[2] ?? "";
    return target.startsWith(".") ? join(dirname(path), target) : target;
  });

/** What runs at people's homes: neither tests nor the `testing` folders that serve them. */
/** Without those that vanish when types are stripped. */
const valueImportsOf = (path: string): string[] => importsOf(path, read(path).replace(/^import type [^;]*;/gm, ""));

const production = (folder: string): string[] =>
  typescriptIn(folder).filter((path) => !path.endsWith(".test.ts") && !path.includes("/testing/"));

/** Rooms of the gateway, lowest first. A room may import itself and lower rows, never its neighbours in the same row. */
const rows = [
  ["domain", "protocols"],
  ["ports.ts", "store", "media"],
  [
    "sources",
    "consumers",
    "cameras",
    "vault",
    "audit",
    "access",
    "api",
    "config",
    "metrics",
    "update",
    "tls",
    "advertising",
    "posture",
    "relay",
  ],
  ["camera-states.ts", "door.ts", "version.ts", "backup", "relay-store.ts"],
  ["media-plane.ts", "remote-plane.ts", "posture-plane.ts", "relay-node.ts"],
  ["handlers"],
  ["handlers.ts", "relay-operation.ts"],
  ["gateway.ts"],
  ["cli"],
  ["process-edge.ts", "relay-cli"],
  ["main.ts", "relay-main.ts"],
];
/** Files of the second row that its other rooms rest on. */
const foundation = new Set(["ports.ts", "store"]);

const roomOf = (path: string): string => path.split("/")[2] ?? "";
const rowOf = (room: string): number => rows.findIndex((row) => row.includes(room));

describe("imports inside the gateway", () => {
  const files = production("gateway-bridge/src");

  it("knows every room", () => {
    const unknown = files.map(roomOf).filter((room) => rowOf(room) < 0 && room !== "index.ts");
    expect(unknown).toEqual([]);
  });

  it("point down", () => {
    const wrong = files.flatMap((path) =>
      importsOf(path)
        .filter((target) => target.startsWith("gateway-bridge/src/"))
        .filter((target) => {
          const [from, to] = [roomOf(path), roomOf(target)];
          if (from === to || from === "index.ts") return false;
          if (foundation.has(to) && rowOf(from) === rowOf(to)) return false;
          return rowOf(to) >= rowOf(from);
        })
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keep wire code free of everything but the kernel", () => {
    const wrong = files
      .filter((path) => roomOf(path) === "protocols")
      .flatMap((path) =>
        importsOf(path)
          .filter(
            (target) =>
              !target.startsWith("gateway-bridge/src/protocols/") &&
              !target.startsWith("node:") &&
              !["@gatehouse/shared", "fast-xml-parser", "onvif", "zod"].includes(target),
          )
          .map((target) => `${path} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it("keep decisions pure: a policy imports no I/O", () => {
    const wrong = files
      .filter((path) => path.endsWith("-policy.ts"))
      .flatMap((path) =>
        valueImportsOf(path)
          .filter((target) => target.startsWith("node:") && !["node:net"].includes(target))
          .map((target) => `${path} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe("imports between packages", () => {
  it.each([
    ["shared", ["gateway-bridge", "homebridge-plugin", "node-red-nodes"]],
    ["homebridge-plugin", ["gateway-bridge", "node-red-nodes"]],
    ["node-red-nodes", ["gateway-bridge", "homebridge-plugin"]],
    ["gateway-bridge", ["homebridge-plugin", "node-red-nodes"]],
  ])("%s does not reach into %j", (folder, forbidden) => {
    const names = [...forbidden, ...forbidden.map((name) => `@gatehouse/${name}`)];
    const wrong = production(`${folder}/src`).flatMap((path) =>
      importsOf(path)
        .filter((target) => names.some((name) => target === name || target.startsWith(`${name}/`)))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("never reaches the tests, nor what serves them, from production code", () => {
    const wrong = ["shared", "gateway-bridge", "homebridge-plugin", "node-red-nodes"]
      .flatMap((folder) => production(`${folder}/src`))
      .flatMap((path) =>
        importsOf(path)
          .filter((target) => target.startsWith("test/") || /\/testing(\/|$)/.test(target))
          .map((target) => `${path} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it("finds an import that is there", () => {
    expect(importsOf("test/architecture/imports.test.ts")).toContain("test/support/repository.ts");
  });
});
