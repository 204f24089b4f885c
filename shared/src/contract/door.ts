import { z } from "zod";

import { Name, Time } from "./ids.ts";
import { OneTimeCode } from "./login.ts";
import { LoginName } from "./person.ts";
import { CertificateKind, Trust } from "./trust.ts";

/** What a browser may know before anybody is known. */
export const DoorState = z.strictObject({
  name: Name,
  /** Nobody has the gateway yet: it waits for its owner's code. */
  firstRun: z.boolean(),
  /** Whether passkeys work under the host of this request: browsers have none for an address. */
  passkeys: z.boolean(),
  /** The gateway's own page under its own name: `https://name:port`. */
  canonical: z.string(),
  /** What the certificate under that name is vouched for by, and the fingerprint of the home's authority. */
  trust: Trust.pick({ fingerprint: true }).extend({ kind: CertificateKind }),
});
export type DoorState = z.infer<typeof DoorState>;

/** Shown on the box alone; works once. */
export const FirstRunCode = z.strictObject({ code: z.string(), expires: Time });
export type FirstRunCode = z.infer<typeof FirstRunCode>;

/** Makes the gateway's first person, who may do everything once it has two factors. */
export const FirstRun = z.strictObject({ code: OneTimeCode, name: Name, loginName: LoginName });
export type FirstRun = z.infer<typeof FirstRun>;

/** Brings an invited person in, to set its password. */
export const OpenInvitation = z.strictObject({ code: OneTimeCode });
export type OpenInvitation = z.infer<typeof OpenInvitation>;
