import type { Cancellable, Secret } from "@gatehouse/shared";

/** An order for a certificate, as the authority has it. RFC 8555 7.1.3 */
export interface AcmeOrder {
  readonly url: string;
  readonly status: "pending" | "ready" | "processing" | "valid" | "invalid";
  /** Why it is invalid, where that is told. */
  readonly problem: string | undefined;
}

/** What the authority wants to see in DNS. RFC 8555 8.4 */
export interface DnsChallenge {
  readonly url: string;
  /** Of the TXT record at `_acme-challenge` and the name. */
  readonly value: string;
}

/**
 * One account at a certificate authority. Every method throws GatehouseError `certificate-failed` where the authority refuses or cannot be
 * reached, or the signal's reason.
 */
export interface AcmeClient {
  /** Opens the account of this key, or finds it again. Comes first. */
  register(cancel: Cancellable): Promise<void>;
  order(name: string, cancel: Cancellable): Promise<AcmeOrder>;
  /** The order as it is now; undefined where the authority has none of that address any more. */
  look(url: string, cancel: Cancellable): Promise<AcmeOrder | undefined>;
  /** What is still to be shown for an order; undefined where the authority knows the name as ours already. */
  challenge(order: AcmeOrder, cancel: Cancellable): Promise<DnsChallenge | undefined>;
  /** Has the authority look at the record. */
  answer(challenge: DnsChallenge, cancel: Cancellable): Promise<void>;
  /** @param request PEM */
  finalize(order: AcmeOrder, request: string, cancel: Cancellable): Promise<AcmeOrder>;
  /** The certificate of an order that is valid, PEM, with those that lead to the authority. */
  download(order: AcmeOrder, cancel: Cancellable): Promise<string>;
}

/** Where an authority is, and who asks. */
export interface AcmeAccount {
  /** Its directory. RFC 8555 7.1.1 */
  readonly directory: string;
  /** P-256, PKCS #8 PEM. */
  readonly key: Secret;
  readonly email?: string | undefined;
  /** PEM of the authorities that its server may have its certificate from; those of the box unless given. */
  readonly authorities?: readonly string[] | undefined;
}

export type OpenAcmeClient = (account: AcmeAccount) => Promise<AcmeClient>;
