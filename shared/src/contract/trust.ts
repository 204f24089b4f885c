import { z } from "zod";

import { Time } from "./ids.ts";

/** A certificate that the gateway shows. */
const ShownCertificate = z.strictObject({
  /** `home`: of the home's own authority. `own`: of files that the owner named. */
  kind: z.enum(["home", "own"]),
  /** Names and addresses that it is good for. */
  names: z.array(z.string()),
  expires: Time,
});

/** How browsers come to know this gateway. */
export const Trust = z.strictObject({
  /** Where the home's authority is fetched, to install it. */
  url: z.string(),
  /** Of the home's authority: SHA-256, hexadecimal with colons, as phones and browsers show it. */
  fingerprint: z.string(),
  /** When the authority ends. */
  expires: Time,
  certificates: z.array(ShownCertificate),
  /** Why newer files of the owner's are not used; null where nothing is wrong. */
  notice: z.string().nullable(),
});
export type Trust = z.infer<typeof Trust>;
