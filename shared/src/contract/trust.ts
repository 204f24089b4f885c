import { z } from "zod";

import { Time } from "./ids.ts";

/** `home`: of the home's own authority. `own`: of files that the owner named. `acme`: of an authority that everybody knows, by ACME. */
export const CertificateKind = z.enum(["home", "own", "acme"]);
export type CertificateKind = z.infer<typeof CertificateKind>;

/** A certificate that the gateway shows. */
const ShownCertificate = z.strictObject({
  kind: CertificateKind,
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
  /** The certificate for `web.name`, where there is to be one beside the home's. */
  named: z
    .strictObject({
      kind: CertificateKind.exclude(["home"]),
      name: z.string(),
      /** Whether there is one: until then, whoever asks for that name is shown the home's, which is not for it. */
      shown: z.boolean(),
      /** When it is asked for anew; null where another program sees to that. */
      nextTry: Time.nullable(),
    })
    .nullable(),
  /** What is wrong with the newest one, or with getting it; null where nothing is. */
  notice: z.string().nullable(),
});
export type Trust = z.infer<typeof Trust>;
