import type { Cancellable, Clock, Secret } from "@gatehouse/shared";

import { callApi } from "./call-api.ts";
import type { DnsApi, DnsZone, PutRecord } from "./dns-zone.ts";

export interface AcmeDnsOptions extends DnsApi {
  /** What registering there gave: the user's name, and the one record that it may change. */
  readonly username: string;
  readonly subdomain: string;
  /** The password. */
  readonly token: Secret;
  readonly clock: Clock;
}

/**
 * An acme-dns server (https://github.com/joohoi/acme-dns), which answers for `_acme-challenge` of the gateway's name by a CNAME. Whoever
 * gets hold of its password can change that one record, and nothing else of the domain.
 */
export class AcmeDnsZone implements DnsZone {
  /** It answers for the record itself. */
  readonly settleMs = 2_000;
  readonly #options: AcmeDnsOptions;

  constructor(options: AcmeDnsOptions) {
    this.#options = options;
  }

  /** What the record is called is known to that server alone. It keeps the newest two values, and there is no way to take one away. */
  async put(_name: string, value: string, cancel: Cancellable): Promise<PutRecord> {
    const { username, subdomain, token } = this.#options;
    const call = {
      method: "POST",
      path: "/update",
      headers: { "x-api-user": username, "x-api-key": token.reveal() },
      body: { subdomain, txt: value },
    } as const;
    await callApi(this.#options, call, cancel);
    return { remove: async () => undefined };
  }
}
