import { toNtp, type NtpTime } from "../ntp-time.ts";

const unixEpoch = toNtp(0).seconds;

/** To milliseconds since 1970. Times before 1968 are of the next era, as RFC 4330 3 reads them. */
export const fromNtp = ({ seconds, fraction }: NtpTime): number => {
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (era + seconds - unixEpoch) * 1_000 + (fraction * 1_000) / 2 ** 32;
};
