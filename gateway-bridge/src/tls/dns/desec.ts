import type { Cancellable, Clock, Secret } from "@gatehouse/shared";

import { callApi } from "./call-api.ts";
import type { DnsApi, DnsZone, PutRecord } from "./dns-zone.ts";
import { nameBelow } from "./name-below.ts";

export interface DesecOptions extends DnsApi {
  /** The domain as it is registered there: `example.dedyn.io`. */
  readonly domain: string;
  readonly token: Secret;
  readonly clock: Clock;
}

/** The least that deSEC takes for a record, in seconds. */
const ttl = 3_600;

/** A domain at deSEC (https://desec.readthedocs.io, "Retrieving and Manipulating DNS Information"). */
export class DesecZone implements DnsZone {
  /** It publishes to all its servers within a minute or so. */
  readonly settleMs = 80_000;
  readonly #options: DesecOptions;

  constructor(options: DesecOptions) {
    this.#options = options;
  }

  async put(name: string, value: string, cancel: Cancellable): Promise<PutRecord> {
    await this.#set(name, [`"${value}"`], cancel);
    return { remove: (within) => this.#set(name, [], within) };
  }

  /** A bulk request: it makes, replaces or (with no records) removes the one set that it names. */
  async #set(name: string, records: readonly string[], cancel: Cancellable): Promise<void> {
    const { domain, token } = this.#options;
    const call = {
      method: "PUT",
      path: `/domains/${encodeURIComponent(domain)}/rrsets/`,
      headers: { authorization: `Token ${token.reveal()}` },
      body: [{ subname: nameBelow(name, domain), type: "TXT", ttl, records }],
    } as const;
    await callApi(this.#options, call, cancel);
  }
}
