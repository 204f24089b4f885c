import type { CameraId, RouterMapping } from "@gatehouse/shared";

/** A mapping to a camera, as it is remembered. */
export type CameraMapping = Pick<RouterMapping, "protocol" | "externalPort" | "internalClient" | "internalPort"> & {
  readonly camera: CameraId;
};

/** What the watch knows of one. */
export interface WatchedMapping {
  readonly mapping: CameraMapping;
  /** Whether it was there at the last look. */
  readonly there: boolean;
}

export interface Sighting {
  readonly mapping: CameraMapping;
  /** Whether it had been there before, and was gone meanwhile. */
  readonly again: boolean;
}

export interface WatchStep {
  readonly known: readonly WatchedMapping[];
  /** What nobody has been told of. */
  readonly sightings: readonly Sighting[];
}

/** The most that is remembered; the newest. */
export const mostWatched = 256;

const keyOf = ({ camera, protocol, internalPort }: CameraMapping): string =>
  JSON.stringify([camera, protocol, internalPort]);

/**
 * What one look adds to what was known. The camera's own port tells mappings apart: cameras ask for another port outside each time.
 * @param complete whether the router told all that it holds: only then is what it does not name gone
 */
export const nextWatch = (
  known: readonly WatchedMapping[],
  seen: readonly CameraMapping[],
  complete: boolean,
): WatchStep => {
  const before = new Map(known.map((each) => [keyOf(each.mapping), each]));
  const now = new Map(seen.map((mapping) => [keyOf(mapping), mapping]));
  const sightings = [...now].flatMap(([key, mapping]): Sighting[] => {
    const earlier = before.get(key);
    return earlier?.there === true ? [] : [{ mapping, again: earlier !== undefined }];
  });
  const absent = [...before]
    .filter(([key]) => !now.has(key))
    .map(([, { mapping, there }]): WatchedMapping => ({ mapping, there: there && !complete }));
  const present = [...now.values()].map((mapping): WatchedMapping => ({ mapping, there: true }));
  return { known: [...absent, ...present].slice(-mostWatched), sightings };
};
