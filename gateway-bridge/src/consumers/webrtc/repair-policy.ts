/** A viewer that waits for no more than this sees as much as one that is sent the stored pictures, which takes as long. */
const atHandMs = 400;
/** So long after a key picture, few pictures are stored: they are decoded in a moment. */
const youngMs = 1_000;
/** And they are no burden for the link while they weigh no more than the stream does in this time. A key picture may be most of a GOP. */
const lightMs = 2_000;
/** A viewer rather waits so long than has to catch up with much. */
const soonMs = 2_000;
/** One that breaks down again within this time was not helped by being sent more. */
const relapseMs = 5_000;
/** A camera whose key picture is later than this share of the last GOP's length has changed its mind. */
const overdue = 1.5;

/** What is known when a viewer says that it cannot decode. Times in ms. */
export interface Breakdown {
  /** The pictures from the newest key picture on, which came so long ago; undefined while none is stored. */
  readonly stored: { readonly bytes: number; readonly ageMs: number } | undefined;
  /** Of the stream, in bytes a ms, as measured; 0 before that. */
  readonly rate: number;
  /** From key picture to key picture, the last time; null before that is known. */
  readonly gopMs: number | null;
  /** Since it was last sent what is stored because it could not decode; Infinity if never. */
  readonly sinceReplayMs: number;
}

/** `replay`: send what is stored, at once. `wait`: send nothing up to the next key picture. */
export type Repair = "replay" | "wait";

/**
 * How a viewer gets a picture that it can decode. Cameras are not asked for one, because all others would have to take it too. Sending
 * what is stored is quick, but loads a link or a decoder that is behind already, so that is done where it is little, or where
 * the camera's next key picture is far.
 */
export const chooseRepair = ({ stored, rate, gopMs, sinceReplayMs }: Breakdown): Repair => {
  if (stored === undefined) return "wait";
  const { bytes, ageMs } = stored;
  const nextMs = gopMs === null || ageMs > overdue * gopMs ? Infinity : Math.max(0, gopMs - ageMs);
  if (nextMs <= atHandMs) return "wait";
  const tried = sinceReplayMs <= ageMs;
  const little = ageMs <= youngMs && (rate === 0 || bytes <= rate * lightMs);
  if (little && !tried) return "replay";
  return nextMs <= soonMs || sinceReplayMs <= relapseMs ? "wait" : "replay";
};
