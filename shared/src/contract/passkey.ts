import { z } from "zod";

import { Name, PasskeyId, Time } from "./ids.ts";
import { Stay } from "./login.ts";

/** A credential of WebAuthn Level 3 that a person's device keeps: by itself two factors, because the device asks who uses it. */
export const Passkey = z.strictObject({
  id: PasskeyId,
  /** What the person calls it. */
  name: Name,
  /** The name of the gateway under which it was made, and under which alone it works. */
  host: z.string(),
  /** Whether the gateway still goes by that name. */
  usable: z.boolean(),
  /** Whether the person's other devices may have a copy. */
  backedUp: z.boolean(),
  created: Time,
  used: Time.nullable(),
});
export type Passkey = z.infer<typeof Passkey>;

const base64Url = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/, "base64url");

/** 32 bytes: when a question to an authenticator was put. It is answered within two minutes, once. */
const CeremonyId = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "43 characters of base64url");

const KnownCredential = z.strictObject({
  type: z.literal("public-key"),
  id: z.string(),
  transports: z.array(z.string()),
});

/** What a browser is given to make a passkey: PublicKeyCredentialCreationOptionsJSON. WebAuthn 5.1.8 */
export const PasskeyEnrolment = z.strictObject({
  ceremony: CeremonyId,
  options: z.strictObject({
    rp: z.strictObject({ id: z.string(), name: z.string() }),
    user: z.strictObject({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.strictObject({ type: z.literal("public-key"), alg: z.int() })),
    /** ms */
    timeout: z.int(),
    /** Those that the person has already. */
    excludeCredentials: z.array(KnownCredential),
    authenticatorSelection: z.strictObject({
      residentKey: z.literal("required"),
      requireResidentKey: z.literal(true),
      userVerification: z.literal("required"),
    }),
    attestation: z.literal("none"),
  }),
});
export type PasskeyEnrolment = z.infer<typeof PasskeyEnrolment>;

/** What a browser is given to show a passkey: PublicKeyCredentialRequestOptionsJSON. WebAuthn 5.1.9 */
export const PasskeyRequest = z.strictObject({
  ceremony: CeremonyId,
  options: z.strictObject({
    rpId: z.string(),
    challenge: z.string(),
    /** ms */
    timeout: z.int(),
    /** Empty where nobody is known yet: then the device offers those that it has for this name. */
    allowCredentials: z.array(KnownCredential),
    userVerification: z.literal("required"),
  }),
});
export type PasskeyRequest = z.infer<typeof PasskeyRequest>;

/** A credential's id has 1,023 bytes at most. WebAuthn 7.1 */
const CredentialId = base64Url(1_364);
const ClientData = base64Url(4_096);

/** What `toJSON()` makes of a new credential; what is not named here is not looked at. WebAuthn 5.1.1 */
export const PasskeyAttestation = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: ClientData,
    attestationObject: base64Url(32_768),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .optional(),
  }),
});
export type PasskeyAttestation = z.infer<typeof PasskeyAttestation>;

/** What `toJSON()` makes of a credential that was shown. */
export const PasskeyAssertion = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: ClientData,
    authenticatorData: base64Url(4_096),
    signature: base64Url(2_048),
    userHandle: base64Url(128).nullish(),
  }),
});
export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>;

export const NewPasskey = z.strictObject({ name: Name, ceremony: CeremonyId, response: PasskeyAttestation });
export type NewPasskey = z.infer<typeof NewPasskey>;
export const PasskeyAnswer = z.strictObject({ ceremony: CeremonyId, response: PasskeyAssertion });
export type PasskeyAnswer = z.infer<typeof PasskeyAnswer>;
export const PasskeySignIn = PasskeyAnswer.extend({ stay: Stay });
export type PasskeySignIn = z.infer<typeof PasskeySignIn>;
