import { describe, expect, it } from "@jest/globals";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { loadEngine, type EngineLoader, type EngineName } from "./peer-connection.ts";

const loads =
  (name: EngineName): EngineLoader =>
  async () => ({ name, answer: () => Promise.reject(new Error("not asked")) });
const fails: EngineLoader = () => Promise.reject(new Error("no binary for this box"));

describe("The WebRTC engine", () => {
  it("is the first one", async () => {
    const log = new MemoryLogger();
    const engine = await loadEngine(
      [
        ["node-datachannel", loads("node-datachannel")],
        ["werift", fails],
      ],
      log,
    );
    expect([engine.name, log.lines]).toEqual(["node-datachannel", []]);
  });

  it("is the next one where the first cannot be loaded, which is logged", async () => {
    const log = new MemoryLogger();
    const engine = await loadEngine(
      [
        ["node-datachannel", fails],
        ["werift", loads("werift")],
      ],
      log,
    );
    expect(engine.name).toBe("werift");
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: "warn",
        fields: { engine: "node-datachannel", error: "Error: no binary for this box" },
      }),
    ]);
  });

  it("is none where none can be loaded", async () => {
    await expect(loadEngine([["werift", fails]], new MemoryLogger())).rejects.toThrow("No WebRTC engine");
  });
});
