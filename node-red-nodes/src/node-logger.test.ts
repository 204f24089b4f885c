import { expect, it } from "@jest/globals";

import { nodeLogger } from "./node-logger.ts";
import type { RedNode } from "./red.ts";

it("writes each level where Node-RED keeps it, with the facts of its parents", () => {
  const said: string[] = [];
  const say = (level: string) => (text: string) => void said.push(`${level} ${text}`);
  const node = { debug: say("debug"), log: say("log"), warn: say("warn"), error: say("error") } as unknown as RedNode;
  const log = nodeLogger(node).child({ gateway: "127.0.0.1:1" });
  nodeLogger(node).info("plain");
  log.debug("d");
  log.info("i", { count: 2 });
  log.warn("w", { code: "timeout", details: { ms: 5 } });
  log.error("e");
  expect(said).toEqual([
    "log plain",
    "debug d (gateway: 127.0.0.1:1)",
    "log i (gateway: 127.0.0.1:1, count: 2)",
    'warn w (gateway: 127.0.0.1:1, code: timeout, details: {"ms":5})',
    "error e (gateway: 127.0.0.1:1)",
  ]);
});
