import { describe, expect, it } from "@jest/globals";

import { HomebridgeLogger } from "./homebridge-logger.ts";
import { FakeHomebridge } from "./testing/fake-homebridge.ts";

describe("HomebridgeLogger", () => {
  it("writes the phrase and its facts, those of its parents first", () => {
    const { log, lines } = new FakeHomebridge();
    const logger = new HomebridgeLogger(log).child({ camera: "100 %s" });
    logger.info("hello");
    logger.warn("slow", { ms: 12, nothing: undefined, list: [1] });
    new HomebridgeLogger(log).error("bare");
    logger.debug("detail");
    expect(lines).toEqual([
      "info hello (camera: 100 %s)",
      "warn slow (camera: 100 %s, ms: 12, nothing: undefined, list: [1])",
      "error bare",
      "debug detail (camera: 100 %s)",
    ]);
  });

  it("turns warnings into debug lines for what tries again by itself, and keeps errors", () => {
    const { log, lines } = new FakeHomebridge();
    const quiet = new HomebridgeLogger(log).quiet().child({ a: 1 });
    quiet.warn("again");
    quiet.error("broken");
    quiet.info("fine");
    quiet.debug("detail");
    expect(lines).toEqual(["debug again (a: 1)", "error broken (a: 1)", "info fine (a: 1)", "debug detail (a: 1)"]);
  });
});
