import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { CameraState } from "./camera-state.ts";

const run = promisify(execFile);

/**
 * A network interface that is a camera's alone, in a network namespace of its own: what it is told of IPv6 and of its router is so in the
 * system, and not only in its answers.
 */
export class Wire {
  readonly #name: string;
  #set = "";

  constructor(name: string) {
    this.#name = name;
  }

  /** Gives the interface its address of the internet or takes it away, and the system its way out. */
  async settle({ ipv6, gateways }: CameraState["network"]): Promise<void> {
    const wanted = [
      "address flush scope global",
      ...(ipv6.enabled ? [`address add ${ipv6.global}/64 nodad`, "route replace default"] : []),
    ].map((order) => `-6 ${order} dev ${this.#name}`);
    const ways = gateways.filter((way) => !way.includes(":"));
    const routes = ["-4 route flush default", ...ways.map((way) => `-4 route append default via ${way}`)];
    const orders = [...wanted, ...routes];
    if (orders.join() === this.#set) return;
    for (const order of orders) await run("/sbin/ip", order.split(" "));
    this.#set = orders.join();
  }
}
