import { GatehouseError, type Cancellable, type Clock, type Secret } from "@gatehouse/shared";
import { z } from "zod";

import { callApi, type ApiCall } from "./call-api.ts";
import type { DnsApi, DnsZone, PutRecord } from "./dns-zone.ts";

export interface CloudflareOptions extends DnsApi {
  /** The zone: `example.org`. */
  readonly domain: string;
  /** An API token that may edit this zone's DNS, and no more. */
  readonly token: Secret;
  readonly clock: Clock;
}

const Id = z.string().regex(/^[\da-f]{32}$/);
const Listed = z.object({ result: z.array(z.object({ id: Id })).max(1_000) });
const Made = z.object({ result: z.object({ id: Id }) });
/** Seconds; the least that it takes. */
const ttl = 60;

/** A zone at Cloudflare (its API, version 4). */
export class CloudflareZone implements DnsZone {
  readonly settleMs = 15_000;
  readonly #options: CloudflareOptions;

  constructor(options: CloudflareOptions) {
    this.#options = options;
  }

  async put(name: string, value: string, cancel: Cancellable): Promise<PutRecord> {
    const zones = await this.#list(`/zones?name=${encodeURIComponent(this.#options.domain)}`, cancel);
    const [zone] = zones;
    if (zone === undefined) {
      throw new GatehouseError("dns-refused", `the token opens no zone ${this.#options.domain} at the DNS provider`);
    }
    const records = `/zones/${zone}/dns_records`;
    const left = await this.#list(`${records}?type=TXT&name=${encodeURIComponent(name)}`, cancel);
    for (const id of left) await this.#remove(`${records}/${id}`, cancel);
    const body = { type: "TXT", name, content: `"${value}"`, ttl };
    const { id } = this.#read(Made, await this.#call({ method: "POST", path: records, body }, cancel)).result;
    return { remove: (within) => this.#remove(`${records}/${id}`, within) };
  }

  async #list(path: string, cancel: Cancellable): Promise<readonly string[]> {
    const { result } = this.#read(Listed, await this.#call({ method: "GET", path }, cancel));
    return result.map(({ id }) => id);
  }

  async #remove(path: string, cancel: Cancellable): Promise<void> {
    await this.#call({ method: "DELETE", path }, cancel);
  }

  #call(call: Omit<ApiCall, "headers">, cancel: Cancellable): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#options.token.reveal()}` };
    return callApi(this.#options, { ...call, headers }, cancel);
  }

  #read<T>(schema: z.ZodType<T>, answer: unknown): T {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new GatehouseError("dns-refused", "the DNS provider's answer is not what its API promises");
  }
}
