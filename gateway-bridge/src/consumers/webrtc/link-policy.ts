/** Loss, of what was sent, at which pictures break faster than they can be repaired. */
const heavyLoss = 0.15;
/** Of what is sent, the share that the way must be believed to carry. */
const leastShare = 0.6;
/** Reports in a row that must be bad: one may be an accident. */
const patience = 2;
/** An estimate follows what is sent only slowly: for so long after a start it says nothing. */
const settlingMs = 15_000;
/** A link that fails again within this time has not recovered. */
const relapseMs = 30_000;
const shortestRestMs = 4_000;
const longestRestMs = 64_000;

/** What one viewer's link is given. */
export interface LinkState {
  /** `keyframes`: only key pictures, until `restUntil`. */
  readonly mode: "all" | "keyframes";
  readonly badReports: number;
  /** When all is sent again, or was last begun with. Clock.monotonic() */
  readonly restUntil: number;
  readonly restMs: number;
}

/** @param now Clock.monotonic() */
export const freshLink = (now: number): LinkState => ({ mode: "all", badReports: 0, restUntil: now, restMs: 0 });

/** One report of a receiver, with what is known besides. */
export interface LinkReport {
  /** 0 to 1, since the report before. */
  readonly loss: number;
  /** Bits a second that the receiver believes possible; undefined where it does not say. */
  readonly estimate: number | undefined;
  /** Bits a second that were sent since the report before. */
  readonly sending: number;
  /** Clock.monotonic() */
  readonly now: number;
}

const isBad = ({ loss, estimate, sending, now }: LinkReport, { restUntil }: LinkState): boolean =>
  loss >= heavyLoss || (estimate !== undefined && now - restUntil >= settlingMs && estimate < sending * leastShare);

/**
 * What a link is given after a report: a link that cannot carry the picture gets key pictures alone for a while, then all
 * again. One that fails soon again rests twice as long, because nothing tells how well what is not sent would come.
 */
export const judgeLink = (link: LinkState, report: LinkReport): LinkState => {
  const { now } = report;
  if (link.mode === "keyframes") return now < link.restUntil ? link : { ...link, mode: "all", badReports: 0 };
  if (!isBad(report, link)) return { ...link, badReports: 0 };
  if (link.badReports + 1 < patience) return { ...link, badReports: link.badReports + 1 };
  const relapse = link.restMs > 0 && now - link.restUntil < relapseMs;
  const restMs = relapse ? Math.min(2 * link.restMs, longestRestMs) : shortestRestMs;
  return { mode: "keyframes", badReports: 0, restMs, restUntil: now + restMs };
};
