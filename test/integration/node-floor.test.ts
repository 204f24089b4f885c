import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { buildNodes } from "../support/node-red.ts";
import { floors, hasNode, nodeBinary } from "../support/node-versions.ts";
import { root } from "../support/repository.ts";

const run = promisify(execFile);
const clean = { PATH: process.env["PATH"] };

const describeOn = (version: string, title: string, tests: () => void): void => {
  if (hasNode(version)) describe(title, tests);
  else describe.skip(`${title} (needs Node.js ${version} from npm)`, tests);
};

describeOn(floors.homebridge, `on Node.js ${floors.homebridge}`, () => {
  it("the built Homebridge plugin loads and registers its platform", async () => {
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", "homebridge-plugin"], {
      cwd: root,
    });
    const script = `
      const { default: register } = await import("./homebridge-plugin/dist/index.js");
      const seen = [];
      register({ registerPlatform: (...names) => seen.push(...names.filter((name) => typeof name === "string")), hap: {} });
      console.log(JSON.stringify({ version: process.version, seen }));
    `;
    const { stdout } = await run(nodeBinary(floors.homebridge), ["--input-type=module", "--eval", script], {
      cwd: root,
      env: clean,
    });
    const { version, seen } = JSON.parse(stdout) as { version: string; seen: string[] };
    expect(version).toBe(`v${floors.homebridge}`);
    expect(seen).toContain("Gatehouse");
  }, 120_000);
});

describeOn(floors.nodeRed, `on Node.js ${floors.nodeRed}`, () => {
  beforeAll(buildNodes);

  it("the bundled Node-RED nodes load with require() and register their types", async () => {
    const script = `
      const types = [];
      const red = {
        settings: { userDir: "." },
        auth: { needsPermission: () => () => undefined },
        httpAdmin: { get: () => undefined },
        nodes: { registerType: (type) => types.push(type) },
      };
      for (const node of ["gateway", "event", "snapshot"]) {
        const loaded = require("./node-red-nodes/dist/" + node + ".cjs");
        (loaded.default ?? loaded)(red);
      }
      console.log(JSON.stringify({ version: process.version, types }));
    `;
    const { stdout } = await run(nodeBinary(floors.nodeRed), ["--input-type=commonjs", "--eval", script], {
      cwd: root,
      env: clean,
    });
    const { version, types } = JSON.parse(stdout) as { version: string; types: string[] };
    expect(version).toBe(`v${floors.nodeRed}`);
    expect(types.sort()).toEqual(["gatehouse-event", "gatehouse-gateway", "gatehouse-snapshot"]);
  }, 60_000);
});
