import type { Cancellable } from "@gatehouse/shared";

/** A TXT record that was put there. */
export interface PutRecord {
  /** @throws GatehouseError `dns-refused`, `timeout`, or the signal's reason */
  remove(cancel: Cancellable): Promise<void>;
}

/** Where the public records of the gateway's name are kept. */
export interface DnsZone {
  /** How long it takes at most until everybody sees what was put. */
  readonly settleMs: number;
  /**
   * Puts one TXT record in the place of whatever TXT records are there: one that a crash left behind must not stay.
   * @param name `_acme-challenge.cams.example.org`
   * @throws GatehouseError `dns-refused`, `timeout`, or the signal's reason
   */
  put(name: string, value: string, cancel: Cancellable): Promise<PutRecord>;
}

/** How a zone is reached. */
export interface DnsApi {
  /** `https://desec.io/api/v1`, without a slash at its end. */
  readonly url: string;
  /** PEM of the authorities that its certificate may come from; those of the box unless given. */
  readonly authorities?: readonly string[] | undefined;
}
