/** How access units lie in RTP packets of RFC 3640: the widths, in bits, of the fields before each. 4.1 */
export interface AccessUnitLayout {
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
  readonly ctsDeltaLength: number;
  readonly dtsDeltaLength: number;
  readonly randomAccess: boolean;
  readonly streamStateLength: number;
  readonly auxiliaryLength: number;
  /** Of every access unit, where the headers do not tell; 0 where each packet is one access unit. */
  readonly constantSize: number;
}

/** Mode AAC-hbr, which all cameras use. RFC 3640 3.3.6 */
export const highBitRate: AccessUnitLayout = {
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  ctsDeltaLength: 0,
  dtsDeltaLength: 0,
  randomAccess: false,
  streamStateLength: 0,
  auxiliaryLength: 0,
  constantSize: 0,
};

/** Mode AAC-lbr, for access units of at most 63 bytes. RFC 3640 3.3.5 */
export const lowBitRate: AccessUnitLayout = { ...highBitRate, sizeLength: 6, indexLength: 2, indexDeltaLength: 2 };

/** Without headers. RFC 3640 3.3.1 */
export const headerless: AccessUnitLayout = { ...highBitRate, sizeLength: 0, indexLength: 0, indexDeltaLength: 0 };
