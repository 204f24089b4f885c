/** A viewer that was never heard of, from its start. */
export const firstReportMs = 10_000;
/** One that was heard of before. */
export const silenceMs = 30_000;
/** Silence worth a line in the log. */
export const quietMs = 5_000;

export interface Hearing {
  /** Times of Clock.monotonic(), in ms. */
  readonly startedAt: number;
  /** When the last authentic report came; undefined before the first. */
  readonly heardAt: number | undefined;
  readonly now: number;
}

export type Liveness =
  { readonly kind: "alive" | "quiet"; readonly checkInMs: number } | { readonly kind: "gone"; readonly why: string };

/** Whether somebody with the viewer's key still receives: media is never sent on to an address that does not answer. */
export const judgeLiveness = ({ startedAt, heardAt, now }: Hearing): Liveness => {
  const silentMs = now - (heardAt ?? startedAt);
  const patience = heardAt === undefined ? firstReportMs : silenceMs;
  if (silentMs >= patience) {
    const what = heardAt === undefined ? "never answered" : "stopped answering";
    return { kind: "gone", why: `the viewer ${what} for ${patience / 1_000} s` };
  }
  if (silentMs >= quietMs) return { kind: "quiet", checkInMs: patience - silentMs };
  return { kind: "alive", checkInMs: quietMs - silentMs };
};
