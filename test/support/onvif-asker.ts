/** A process of its own that asks a camera one question, and tells how that ended and how much memory it took at its peak. */
import { isGatehouseError, systemClock } from "@gatehouse/shared";

import { LoginLatch } from "../../gateway-bridge/src/protocols/http/login-latch.ts";
import { getSystemLog } from "../../gateway-bridge/src/protocols/onvif/management/logs.ts";
import { getUsers } from "../../gateway-bridge/src/protocols/onvif/management/users.ts";
import { OnvifSession } from "../../gateway-bridge/src/protocols/onvif/onvif-session.ts";

export interface AskerReport {
  /** Of the error; `answered` where there was none. */
  readonly outcome: string;
  /** Bytes of memory at the peak, beyond what was in use before the question. */
  readonly grown: number;
}

const peak = (): number => process.resourceUsage().maxRSS * 1_024;

const [url = "", question = ""] = process.argv.slice(2);
const cancel = { signal: new AbortController().signal };
const latch = new LoginLatch(systemClock);
using onvif = await OnvifSession.open(
  { device: new URL(url), pin: null, clock: systemClock, latch, login: undefined },
  cancel,
);
const before = peak();
const asked: Promise<unknown> = question === "log" ? getSystemLog(onvif, "System", cancel) : getUsers(onvif, cancel);
const outcome = await asked.then(
  () => "answered",
  (error: unknown) => (isGatehouseError(error) ? error.code : String(error)),
);
process.send?.({ outcome, grown: peak() - before } satisfies AskerReport);
process.disconnect();
