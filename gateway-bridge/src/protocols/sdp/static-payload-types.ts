/** How a payload type is encoded. */
export interface Encoding {
  /** Upper-case. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
}

const of = (encoding: string, clockRate: number, channels = 1): Encoding => ({ encoding, clockRate, channels });

/** RFC 3551 6, tables 4 and 5: those that cameras use. */
const table = new Map<number, Encoding>([
  [0, of("PCMU", 8_000)],
  [3, of("GSM", 8_000)],
  [8, of("PCMA", 8_000)],
  // A mistake of RFC 1890 that was kept: G.722 is sampled at 16 kHz.
  [9, of("G722", 8_000)],
  [10, of("L16", 44_100, 2)],
  [11, of("L16", 44_100)],
  [14, of("MPA", 90_000)],
  [26, of("JPEG", 90_000)],
  [32, of("MPV", 90_000)],
  [33, of("MP2T", 90_000)],
]);

/** What a payload type means without an rtpmap; an empty encoding where that says nothing. */
export const staticFormat = (payloadType: number): Encoding => table.get(payloadType) ?? of("", 0);
