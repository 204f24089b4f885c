/** The stored GOP is to be out within this time, so that the picture is live at once. */
export const replayMs = 180;
/** Slowest and fastest replay, in bytes a ms: 8 Mbit/s, and 100 Mbit/s, which a home's Wi-Fi still takes for a moment. */
const slowest = 1_000;
const fastest = 12_500;
/** Shorter pauses than this are not worth a timer. */
const shortestPauseMs = 5;

/** How fast a replay of so many bytes goes out, in bytes a ms. */
export const replayRate = (bytes: number): number => Math.min(fastest, Math.max(slowest, bytes / replayMs));

export interface ReplayProgress {
  /** What was stored as it began. */
  readonly storedBytes: number;
  /** What was stored, and after it what has come meanwhile. */
  readonly sentBytes: number;
  readonly elapsedMs: number;
}

/**
 * How long to wait before the next unit of a replay, in ms: so long that what was stored keeps to its rate. What has come meanwhile is late,
 * and waits for nothing: at the rate of a replay, a viewer would never overtake a camera that sends as much.
 */
export const replayPause = ({ storedBytes, sentBytes, elapsedMs }: ReplayProgress): number => {
  const aheadMs = Math.min(sentBytes, storedBytes) / replayRate(storedBytes) - elapsedMs;
  return aheadMs < shortestPauseMs ? 0 : Math.ceil(aheadMs);
};
