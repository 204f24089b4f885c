import { GatehouseError } from "@gatehouse/shared";

import type { AcmeClient, AcmeOrder, DnsChallenge } from "../acme-client.ts";

type Status = AcmeOrder["status"];

/** An authority that does what a test tells it to: every look at an order is its next answer. */
export class ScriptedAuthority implements AcmeClient {
  /** What was asked of it, in order. */
  readonly asked: string[] = [];
  /** The states of an order, from its making on; the last one stays. `undefined`: it knows no such order. */
  states: (Status | undefined)[] = ["pending", "ready", "valid"];
  /** Undefined where it knows the name already. */
  challenged: DnsChallenge | undefined = { url: "challenge-1", value: "A".repeat(43) };
  /** What is issued for a request. */
  issue: (request: string) => string = () => "";
  #made = 0;
  #request = "";

  async register(): Promise<void> {
    this.asked.push("register");
  }

  async order(name: string): Promise<AcmeOrder> {
    this.asked.push(`order ${name}`);
    this.#made += 1;
    return this.#now(`order-${this.#made}`) ?? { url: "", status: "invalid", problem: undefined };
  }

  async look(url: string): Promise<AcmeOrder | undefined> {
    this.asked.push(`look ${url}`);
    if (this.states.length > 1) this.states.shift();
    return this.#now(url);
  }

  async challenge(): Promise<DnsChallenge | undefined> {
    this.asked.push("challenge");
    if (this.states[0] === "invalid") throw new GatehouseError("certificate-failed", "the name is invalid: no record");
    return this.challenged;
  }

  async answer({ url }: DnsChallenge): Promise<void> {
    this.asked.push(`answer ${url}`);
  }

  async finalize({ url }: AcmeOrder, request: string): Promise<AcmeOrder> {
    this.asked.push(`finalize ${url}`);
    this.#request = request;
    if (this.states.length > 1) this.states.shift();
    return this.#now(url) ?? { url, status: "invalid", problem: undefined };
  }

  async download({ url }: AcmeOrder): Promise<string> {
    this.asked.push(`download ${url}`);
    return this.issue(this.#request);
  }

  #now(url: string): AcmeOrder | undefined {
    const [status] = this.states;
    return status === undefined ? undefined : { url, status, problem: undefined };
  }
}
