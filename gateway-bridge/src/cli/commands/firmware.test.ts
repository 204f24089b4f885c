import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { GatewayClient } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { firmwareInstallCommand } from "./firmware.ts";

const content = "a camera's firmware";
const sha256 = createHash("sha256").update(content).digest("hex");
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-firmware-"));
  file = join(folder, "X-1.bin");
  await writeFile(file, content);
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the command against a gateway that takes every proposal; gives what was proposed, too. */
const install = async (...args: string[]): Promise<{ answer: Answer | undefined; proposed: unknown[] }> => {
  const parsed = parseCommandLine(["firmware", "install", ...args, "--camera", "Porch"], [firmwareInstallCommand]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const proposed: unknown[] = [];
  const run = { id: "mend-aaaaaaaaaaaaaaaa", remedy: "firmware-install", state: "proposed", steps: [], stops: [], evidence: [], error: null, left: null, waiting: null }; // prettier-ignore
  const gateway = {
    call: async (route: string, { body }: { body?: unknown }) => {
      if (route === "listCameras") return [{ id: "cam-aaaaaaaaaaaaaaaa", name: "Porch" }];
      proposed.push(body);
      return run;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    ...{ clock: new TestClock(), client: async () => gateway as unknown as GatewayClient, data: join(folder, "data") },
    ...{ signal: new AbortController().signal, json: false },
    terminal: { note: () => undefined, ask: async () => undefined },
  } as unknown as CommandContext;
  return { answer: await parsed.command.run(parsed.input, context), proposed };
};
const kept = (): Promise<string[]> => readdir(join(folder, "data/firmware")).catch(() => []);

describe("gatehouse firmware install", () => {
  it("lays the file into the data folder and proposes it by its hash", async () => {
    const { answer, proposed } = await install(file, "--sha256", sha256.toUpperCase());
    expect(proposed).toMatchObject([{ remedy: "firmware-install", firmware: sha256 }]);
    expect(answer?.text).toContain("gatehouse remedy confirm");
    expect(await readFile(join(folder, "data/firmware/X-1.bin"), "utf8")).toBe(content);
  });

  it("keeps and proposes nothing that is not the file that its maker names", async () => {
    await expect(install(file, "--sha256", "0".repeat(64))).rejects.toMatchObject({
      code: "firmware-unfit",
      message: expect.stringContaining(sha256),
    });
    expect(await kept()).toEqual([]);
  });

  it("says which file cannot be read", async () => {
    await expect(install(join(folder, "none.bin"))).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringMatching(/none\.bin.*ENOENT/),
    });
    expect(await kept()).toEqual([]);
  });
});
