/**
 * All that a gateway and an operator do to what a relay keeps, one after the other, for `runKilledAt`:
 *
 *   node --conditions=source test/support/relay-deeds.ts DATA SECRET
 */
import { systemClock, TunnelId } from "@gatehouse/shared";

import { openRelayStore } from "../../gateway-bridge/src/relay-store.ts";
import { GatewayBook } from "../../gateway-bridge/src/relay/server/gateway-book.ts";

/** One that comes in, and one that is there already. */
export const newcomer = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");
export const resident = TunnelId.parse("gr-bbbbbbbbbbbbbbbb");
export const pins = { first: "A".repeat(43), next: "B".repeat(43), resident: "C".repeat(43) } as const;
export const limits = { channelsPerDevice: 3 } as const;

const never = { signal: new AbortController().signal };
const clock = systemClock;

export const withBook = async <T>(data: string, work: (book: GatewayBook, intact: boolean) => T): Promise<T> => {
  await using opening = new AsyncDisposableStack();
  const { database, audit } = await openRelayStore({ data, clock }, opening, never);
  return work(GatewayBook.open({ database, clock, audit }), audit.verify().intact);
};

const run = (data: string, secret: string): Promise<void> =>
  withBook(data, (book) => {
    book.redeem({ secret, gateway: newcomer, pin: pins.first });
    book.noteKey(newcomer, pins.next, { only: false, now: pins.first });
    book.useKey(newcomer, pins.next);
    book.setLimits(newcomer, limits);
    book.revoke(resident);
  });

if (import.meta.main) await run(process.argv[2] ?? "", process.argv[3] ?? "");
