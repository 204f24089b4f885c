import { GatehouseError, isGatehouseError, type PasskeyAssertion, type PasskeyAttestation } from "@gatehouse/shared";
import { z } from "zod";

import type { PasskeySite } from "../../domain/passkey-site-policy.ts";
import { assertPasskeyKey, passkeyAlgorithms } from "./cose-key.ts";
import type { KeptPasskey, NewCredential } from "./passkeys.ts";

/** What an authenticator must have signed. */
export interface ExpectedAnswer {
  /** base64url */
  readonly challenge: string;
  readonly site: PasskeySite;
}

/** What was told by who showed a passkey. */
export type ShownPasskey = Pick<NewCredential, "counter" | "backedUp">;

/** Most of the library is about attestations, which nobody here asks for: its 25 MB are loaded when the first passkey comes. */
const webauthn = (): Promise<typeof import("@simplewebauthn/server")> => import("@simplewebauthn/server");
const helpers = (): Promise<typeof import("@simplewebauthn/server/helpers")> =>
  import("@simplewebauthn/server/helpers");

/** A page inside of somebody else's page, which may lead a person's hand. WebAuthn 5.8.1 */
const Framed = z.union([z.object({ crossOrigin: z.literal(true) }), z.object({ topOrigin: z.string() })]);

/**
 * Reads a new credential: made for this question, on this site, by who showed to be its person. Who made the authenticator is not
 * looked at: certificates that came along would be a stranger's, and some name addresses to ask for more.
 * @throws GatehouseError `passkey-refused`
 */
export const readNewPasskey = async (
  answer: PasskeyAttestation,
  { challenge, site }: ExpectedAnswer,
): Promise<NewCredential> => {
  const { id, rawId, type, response } = answer;
  try {
    assertUnframed(response.clientDataJSON);
    const attestationObject = await withoutAttestation(response.attestationObject);
    const { verifyRegistrationResponse } = await webauthn();
    const { registrationInfo } = await verifyRegistrationResponse({
      response: { id, rawId, type, response: { ...response, attestationObject }, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    });
    if (registrationInfo?.credential.id !== id) throw new TypeError("the credential has another id inside");
    const { credential, credentialBackedUp: backedUp } = registrationInfo;
    const { isoCBOR } = await helpers();
    assertPasskeyKey(isoCBOR.decodeFirst(credential.publicKey));
    const { publicKey, counter } = credential;
    return { credential: id, publicKey, counter, transports: response.transports ?? [], backedUp };
  } catch (cause) {
    if (isGatehouseError(cause)) throw cause;
    // The library tells by an Error of its own words what was wrong.
    throw new GatehouseError("passkey-refused", "this is no new passkey for this gateway", { cause });
  }
};

/** What was shown, if the passkey's key signed this question on this site, and its person was asked; else undefined. */
export const readShownPasskey = async (
  answer: PasskeyAssertion,
  { challenge, site }: ExpectedAnswer,
  { credential, publicKey, counter, transports }: KeptPasskey,
): Promise<ShownPasskey | undefined> => {
  const { id, rawId, type, response } = answer;
  const { clientDataJSON, authenticatorData, signature } = response;
  try {
    assertUnframed(clientDataJSON);
    const { verifyAuthenticationResponse } = await webauthn();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      credential: { id: credential, publicKey: Uint8Array.from(publicKey), counter, transports: [...transports] },
      requireUserVerification: true,
    });
    const { newCounter, credentialBackedUp: backedUp } = authenticationInfo;
    return verified ? { counter: newCounter, backedUp } : undefined;
  } catch {
    // Whatever the library finds wrong; strangers are told nothing of it.
    return undefined;
  }
};

/** The same with an attestation of nobody, which is all that was asked for. WebAuthn 8.7 */
const withoutAttestation = async (attestationObject: string): Promise<string> => {
  const { isoCBOR } = await helpers();
  const decoded = isoCBOR.decodeFirst<unknown>(Uint8Array.from(Buffer.from(attestationObject, "base64url")));
  const authData: unknown = decoded instanceof Map ? decoded.get("authData") : undefined;
  if (!(authData instanceof Uint8Array)) throw new TypeError("there is no authenticator data");
  const none = new Map<string, string | Map<string, string> | Uint8Array>([
    ["fmt", "none"],
    ["attStmt", new Map<string, string>()],
    ["authData", authData],
  ]);
  return Buffer.from(isoCBOR.encode(none)).toString("base64url");
};

const assertUnframed = (clientDataJSON: string): void => {
  const clientData: unknown = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString());
  if (Framed.safeParse(clientData).success) throw new TypeError("a page of somebody else's was round this one");
};
