import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { SntpResponder } from "../../gateway-bridge/src/posture/isolation/sntp-responder.ts";

// Runs in a network of its own, because a process is in one network. Tells the time at this address until it is killed.
const [, , address = "", camera = ""] = process.argv;
const log = new MemoryLogger();
const served = (asker: string): boolean => asker === camera;
await SntpResponder.open({ address, clock: systemClock, log, serves: served, isTrusted: () => true });
console.log("ready");
