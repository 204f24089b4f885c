/** The version of every package of the project; a test compares it with package.json. */
export const version = "0.1.0";
/** Until when security faults of this version are mended. */
export const supportedUntil = Date.UTC(2027, 11, 31);
