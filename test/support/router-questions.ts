import type { RouterMapping } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

import { HomeRouter } from "../../gateway-bridge/src/posture/router/home-router.ts";
import { isHairpinOpen } from "../../gateway-bridge/src/posture/router/hairpin.ts";
import { UnhurriedClock } from "./unhurried-clock.ts";

/** What a test asks of it, a line of JSON each, and what it answers, a line of JSON each. */
export type RouterQuestion =
  | { readonly do: "report" | "fresh" }
  | { readonly do: "delete"; readonly mapping: RouterMapping }
  | { readonly do: "hairpin"; readonly outside: string; readonly router: string; readonly port: number };

// Runs in a network of its own, because a process is in one network.
const cancel = { signal: new AbortController().signal };
const cameras = JSON.parse(process.argv[2] ?? "[]") as { id: never; host: string }[];
const log = new MemoryLogger();
// An answer that came while this process was held up is read before its time is over.
const clock = new UnhurriedClock();
const router = HomeRouter.open({ interfaces: networkInterfaces, clock, log, cameras: () => cameras });

const answer = (question: RouterQuestion): Promise<unknown> => {
  switch (question.do) {
    case "report":
      return router.report(cancel);
    case "fresh":
      return router.fresh(cancel);
    case "delete":
      return router.deleteMapping(question.mapping, cancel);
    case "hairpin":
      return isHairpinOpen({ clock, ...question }, cancel);
  }
};

console.log(JSON.stringify("ready"));
for await (const line of createInterface(process.stdin)) {
  const told = await answer(JSON.parse(line) as RouterQuestion).catch((error: unknown) => ({ failed: String(error) }));
  console.log(JSON.stringify({ told: told ?? null, log: log.lines }));
}
