/** Where decoding stands after a picture. Never changed after creation. */
export interface DecodeState {
  /** Decoding time and duration of the last picture, in ticks. */
  readonly decodeTime: number;
  readonly duration: number;
  /** The latest presentation times, ascending. */
  readonly shown: readonly number[];
  /** By how many pictures the stream is known to be out of order. */
  readonly depth: number;
  /** The last picture was decoded sooner than its place: the steps that make up for it say nothing of the stream's rate. */
  readonly early: boolean;
}

export interface PictureTimes {
  readonly decodeTime: number;
  /** Presentation minus decoding time. Negative only until the stream's order is known. */
  readonly offset: number;
  readonly duration: number;
  readonly next: DecodeState;
}

/** What a stream says of itself before its first picture. */
export interface DecodeAssumptions {
  /** Pictures a second; 0 while unknown. */
  readonly fps: number;
  /** By how many pictures it may be out of order; undefined while unknown. */
  readonly reorder: number | undefined;
}

/** As many pictures as a decoder can hold back. ITU-T H.264 A.3.1, H.265 A.4.2 */
const deepest = 16;
/** Ticks of 90 kHz: 25 pictures a second, until more is known. */
const usualDuration = 3_600;
const longestDuration = 5 * 90_000;
/** A shorter step says nothing of the stream's rate. */
const shortestDuration = 90;
/** More durations than this are not made up for by pictures that follow faster. */
const slow = 4;
/** A key picture farther ahead begins anew: the camera was away. */
const leap = 90_000;

const insert = (times: readonly number[], time: number): readonly number[] =>
  [...times, time].sort((a, b) => a - b).slice(-deepest - 1);

/** The time that stands so many places before the latest, or is assumed to. */
const placesBefore = (times: readonly number[], places: number, duration: number): number => {
  const index = times.length - 1 - places;
  return (times[Math.max(0, index)] as number) + Math.min(0, index) * duration;
};

interface Step {
  readonly wanted: number;
  readonly decodeTime: number;
  readonly state: DecodeState;
}

/** How long the next picture is away, as far as the last steps tell. */
const durationAfter = ({ wanted, decodeTime, state }: Step): number => {
  const { duration, early } = state;
  // Far behind its place: the stream is slower than it was thought to be.
  if (wanted - decodeTime > slow * duration) return Math.min(2 * duration, longestDuration);
  const step = decodeTime - state.decodeTime;
  if (early || wanted > decodeTime || step < shortestDuration) return duration;
  return Math.min(step, longestDuration);
};

/**
 * When a picture is to be decoded, and for how long it is taken to last, although the next one has not come yet.
 *
 * Pictures are decoded in the order in which they are sent, at times that are those of their presentation, in order and put back
 * by as many places as the stream reorders. A decoding time is never more than two durations after the last one: a browser
 * takes more for a gap and shows nothing up to the next key picture (Media Source Extensions 3.5.8), and a camera that
 * leaves out a picture would stop the view for seconds. Where the picture is later than that, its offset takes up the difference.
 */
export const placePicture = (
  { timestamp, key }: { readonly timestamp: number; readonly key: boolean },
  state: DecodeState | undefined,
  { fps, reorder = 0 }: DecodeAssumptions,
): PictureTimes => {
  const fresh = state === undefined || (key && timestamp - (state.shown.at(-1) ?? 0) > leap);
  const known = fresh ? 0 : state.shown.filter((time) => time > timestamp).length;
  const depth = Math.min(deepest, Math.max(state?.depth ?? reorder, known));
  const lasting = state?.duration ?? (fps > 0 ? Math.round(90_000 / fps) : usualDuration);
  const shown = insert(fresh ? [] : state.shown, timestamp);
  const wanted = Math.max(0, placesBefore(shown, depth, lasting));
  const earliest = state === undefined ? 0 : state.decodeTime + 1;
  const latest = fresh ? Infinity : state.decodeTime + 2 * state.duration;
  const decodeTime = Math.min(latest, Math.max(earliest, wanted));
  const duration = fresh ? lasting : durationAfter({ wanted, decodeTime, state });
  const next = { decodeTime, duration, shown, depth, early: wanted > decodeTime };
  return { decodeTime, offset: timestamp - decodeTime, duration, next };
};
