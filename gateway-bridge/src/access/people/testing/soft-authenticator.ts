import type { PasskeyAssertion, PasskeyAttestation, PasskeyEnrolment, PasskeyRequest } from "@gatehouse/shared";
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

import { encodeCbor, type CborValue } from "./cbor.ts";

export type Algorithm = "ES256" | "EdDSA" | "RS256";

/** Bits of authenticator data. WebAuthn 6.1 */
const flag = { present: 1, verified: 4, backupEligible: 8, backedUp: 16, attested: 64 } as const;

/** What a dishonest or broken device, browser or network makes of an answer. */
export interface Twist {
  /** In the place of the page's own. */
  readonly origin?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  /** Of which the hash is signed, in the place of the one that was asked for. */
  readonly rpId?: string;
  /** Does without asking who is there. */
  readonly unverified?: boolean;
  /** Does without asking anybody. */
  readonly absent?: boolean;
  readonly counter?: number;
  /** Signs with another key. */
  readonly key?: KeyObject;
  readonly userHandle?: string;
  /** Changes the public key that is told. */
  readonly publicKey?: (key: Map<number, CborValue>) => void;
  readonly attestation?: { readonly format: string; readonly statement: ReadonlyMap<string, CborValue> };
  /** Bytes that follow the authenticator data. */
  readonly leftover?: Buffer;
}

interface Held {
  readonly id: string;
  readonly userHandle: string;
  readonly rpId: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  counter: number;
}

/**
 * An authenticator and the browser before it, of node:crypto alone: resident keys, user verification, a counter. It shares no code with
 * what judges its answers.
 */
export class SoftAuthenticator {
  readonly held: Held[] = [];
  readonly #algorithm: Algorithm;
  /** Passkeys that are copied between devices do not count. */
  readonly #counts: boolean;

  constructor({ algorithm = "ES256", counts = true }: { algorithm?: Algorithm; counts?: boolean } = {}) {
    this.#algorithm = algorithm;
    this.#counts = counts;
  }

  /** Makes a credential on a page of this origin. */
  create({ options }: PasskeyEnrolment, origin: string, twist: Twist = {}): PasskeyAttestation {
    const { privateKey, cose } = makeKey(this.#algorithm);
    const credentialId = randomBytes(32);
    const id = credentialId.toString("base64url");
    const made: Held = {
      id,
      userHandle: options.user.id,
      rpId: options.rp.id,
      algorithm: this.#algorithm,
      privateKey,
      counter: 0,
    };
    this.held.push(made);
    twist.publicKey?.(cose);
    const attested = Buffer.concat([Buffer.alloc(16), uint16(credentialId.length), credentialId, encodeCbor(cose)]);
    const authData = Buffer.concat([
      this.#authenticatorData(made, flag.attested, twist),
      attested,
      twist.leftover ?? Buffer.alloc(0),
    ]);
    const { format, statement } = twist.attestation ?? { format: "none", statement: new Map<string, CborValue>() };
    const attestationObject = encodeCbor(
      new Map<string, CborValue>([
        ["fmt", format],
        ["attStmt", statement],
        ["authData", authData],
      ]),
    ).toString("base64url");
    const client = clientData("webauthn.create", { challenge: options.challenge, origin }, twist);
    const response = { clientDataJSON: client.toString("base64url"), attestationObject, transports: ["internal"] };
    return { id, rawId: id, type: "public-key", response };
  }

  /** Shows the newest credential for what is asked, on a page of this origin. */
  get({ options }: PasskeyRequest, origin: string, twist: Twist = {}): PasskeyAssertion {
    const held = this.held.findLast(({ rpId }) => rpId === options.rpId);
    if (held === undefined) throw new Error(`no passkey for ${options.rpId}`);
    if (this.#counts) held.counter += 1;
    const authenticatorData = Buffer.concat([
      this.#authenticatorData(held, 0, twist),
      twist.leftover ?? Buffer.alloc(0),
    ]);
    const client = clientData("webauthn.get", { challenge: options.challenge, origin }, twist);
    const signed = Buffer.concat([authenticatorData, createHash("sha256").update(client).digest()]);
    const signature = sign(held.algorithm === "EdDSA" ? null : "sha256", signed, twist.key ?? held.privateKey);
    return {
      id: held.id,
      rawId: held.id,
      type: "public-key",
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: signature.toString("base64url"),
        userHandle: twist.userHandle ?? held.userHandle,
      },
    };
  }

  #authenticatorData({ rpId, counter }: Held, more: number, twist: Twist): Buffer {
    const synced = this.#counts ? 0 : flag.backupEligible | flag.backedUp;
    const flags =
      (twist.absent === true ? 0 : flag.present) | (twist.unverified === true ? 0 : flag.verified) | synced | more;
    const hash = createHash("sha256")
      .update(twist.rpId ?? rpId)
      .digest();
    return Buffer.concat([hash, Buffer.of(flags), uint32(twist.counter ?? counter)]);
  }
}

const clientData = (
  type: string,
  { challenge, origin }: { readonly challenge: string; readonly origin: string },
  twist: Twist,
): Buffer =>
  Buffer.from(
    JSON.stringify({
      type: twist.type ?? type,
      challenge: twist.challenge ?? challenge,
      origin: twist.origin ?? origin,
      crossOrigin: twist.crossOrigin ?? false,
      topOrigin: twist.topOrigin,
    }),
  );

/** COSE_Key labels: 1 kty, 3 alg, -1 crv or n, -2 x or e, -3 y. RFC 9053 7, RFC 8230 4 */
const makeKey = (algorithm: Algorithm): { readonly privateKey: KeyObject; readonly cose: Map<number, CborValue> } => {
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64url");
  if (algorithm === "ES256") {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const cose = new Map<number, CborValue>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]]); // prettier-ignore
    return { privateKey, cose };
  }
  if (algorithm === "EdDSA") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { x } = publicKey.export({ format: "jwk" });
    return { privateKey, cose: new Map<number, CborValue>([[1, 1], [3, -8], [-1, 6], [-2, bytes(x)]]) }; // prettier-ignore
  }
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const { n, e } = publicKey.export({ format: "jwk" });
  return { privateKey, cose: new Map<number, CborValue>([[1, 3], [3, -257], [-1, bytes(n)], [-2, bytes(e)]]) }; // prettier-ignore
};

const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
