/** A 64-bit NTP timestamp: seconds since 1900 and their fraction in units of 2^-32 s. RFC 3550 4 */
export interface NtpTime {
  readonly seconds: number;
  readonly fraction: number;
}

/** Seconds from 1900 to 1970. */
const unixEpoch = 2_208_988_800;

/** From milliseconds since 1970. The seconds wrap in 2036, as the format does. */
export const toNtp = (unixMs: number): NtpTime => {
  const whole = Math.floor(unixMs / 1_000);
  return {
    seconds: (whole + unixEpoch) % 2 ** 32,
    fraction: Math.floor(((unixMs - whole * 1_000) / 1_000) * 2 ** 32),
  };
};

/** The middle 32 bits, in units of 2^-16 s, that reports refer to. RFC 3550 4 */
export const middleOfNtp = ({ seconds, fraction }: NtpTime): number =>
  (seconds & 0xffff) * 2 ** 16 + Math.floor(fraction / 2 ** 16);
