/** The control attribute of a track: what its URL has after the stream's. */
export const trackControl = (track: number): string => `trackID=${track}`;

/** A stream's own URL or path, where this is it or that of one of its tracks; without a slash at its end. */
export const streamOf = (uri: string): string => uri.replace(/\/(?:trackID=\d)?\/?$/, "");
