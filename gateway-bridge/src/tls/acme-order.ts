import { GatehouseError, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import { makeCertificateRequest } from "../protocols/x509/certificate-request.ts";
import type { KeyPair } from "../store/kept-key.ts";
import type { AcmeClient, AcmeOrder, DnsChallenge } from "./acme-client.ts";
import type { DnsZone, PutRecord } from "./dns/dns-zone.ts";

/** How often an authority is asked whether it is done, and for how long. */
const pollMs = 3_000;
const patienceMs = 5 * 60_000;
/** An order has four states on its way; an authority that leads in circles is left. */
const mostSteps = 8;
/** How long taking a record away may take. */
const tidyMs = 5_000;

export interface AcmeOrderOptions {
  readonly name: string;
  /** What is certified. */
  readonly keys: KeyPair;
  readonly client: AcmeClient;
  readonly zone: DnsZone;
  /** The order that is under way survives whatever happens to the gateway. */
  readonly progress: { order: string | undefined };
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Gets a certificate by showing the authority a record in DNS (RFC 8555 7.4, 8.4), from wherever the order was left. Gives it with those
 * that lead to the authority, PEM.
 * @throws GatehouseError `certificate-failed`, `dns-refused`, `timeout`, or the signal's reason
 */
export const obtainCertificate = async (options: AcmeOrderOptions, cancel: Cancellable): Promise<string> => {
  const { client, progress } = options;
  await client.register(cancel);
  let order = await openOrder(options, cancel);
  for (let step = 0; step < mostSteps; step += 1) {
    switch (order.status) {
      case "pending":
        order = await prove(options, order, cancel);
        break;
      case "ready":
        order = await client.finalize(order, requestFor(options), cancel);
        break;
      case "processing":
        order = await waitFor(options, order, cancel);
        break;
      case "valid":
        return await client.download(order, cancel);
      case "invalid":
        progress.order = undefined;
        // Where it lies with the name, the authority says so there.
        await client.challenge(order, cancel);
        throw failed(`it refused ${options.name}: ${order.problem ?? "without a reason"}`);
    }
  }
  progress.order = undefined;
  throw failed("its order comes to no end");
};

const requestFor = ({ name, keys }: AcmeOrderOptions): string => makeCertificateRequest({ names: [name], keys });

/** The order of last time, if it is good for anything, or a new one. */
const openOrder = async ({ name, client, progress }: AcmeOrderOptions, cancel: Cancellable): Promise<AcmeOrder> => {
  const { order: kept } = progress;
  const known = kept === undefined ? undefined : await client.look(kept, cancel);
  if (known !== undefined && known.status !== "invalid") return known;
  const order = await client.order(name, cancel);
  progress.order = order.url;
  return order;
};

/** Shows the record, has the authority look, and takes the record away again. */
const prove = async (options: AcmeOrderOptions, order: AcmeOrder, cancel: Cancellable): Promise<AcmeOrder> => {
  const { name, client, zone, clock } = options;
  const challenge = await client.challenge(order, cancel);
  if (challenge === undefined) return waitFor(options, order, cancel);
  const record = await zone.put(`_acme-challenge.${name}`, challenge.value, cancel);
  try {
    await clock.delay(zone.settleMs, cancel);
    return await answer(options, { order, challenge }, cancel);
  } finally {
    await takeAway(options, record);
  }
};

const answer = async (
  options: AcmeOrderOptions,
  { order, challenge }: { readonly order: AcmeOrder; readonly challenge: DnsChallenge },
  cancel: Cancellable,
): Promise<AcmeOrder> => {
  await options.client.answer(challenge, cancel);
  return waitFor(options, order, cancel);
};

/** The order once it is another than it was. */
const waitFor = async (
  { client, clock, progress }: AcmeOrderOptions,
  { url, status }: AcmeOrder,
  cancel: Cancellable,
): Promise<AcmeOrder> => {
  const end = clock.monotonic() + patienceMs;
  while (clock.monotonic() < end) {
    const order = await client.look(url, cancel);
    if (order === undefined) {
      progress.order = undefined;
      throw failed("it does not know its own order any more");
    }
    if (order.status !== status) return order;
    await clock.delay(pollMs, cancel);
  }
  throw failed(`an order stays ${status}`);
};

/** What stays there harms nobody, and is replaced next time. */
const takeAway = async ({ clock, log }: AcmeOrderOptions, record: PutRecord): Promise<void> => {
  const ending = new AbortController();
  using _deadline = clock.schedule(tidyMs, () => ending.abort(failed("the record was not taken away in time")));
  await record
    .remove({ signal: ending.signal })
    .catch((error: unknown) => log.warn("a DNS record could not be taken away", { error: String(error) }));
};

const failed = (why: string): GatehouseError =>
  new GatehouseError("certificate-failed", `the certificate authority did not do it: ${why}`);
