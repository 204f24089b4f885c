import { describe, expect, it } from "@jest/globals";
import { isGatehouseError, PasskeyAssertion, PasskeyAttestation } from "@gatehouse/shared";

import { readNewPasskey, readShownPasskey } from "../../gateway-bridge/src/access/people/passkey-answers.ts";
import type { KeptPasskey } from "../../gateway-bridge/src/access/people/passkeys.ts";
import { PeopleWorld, site } from "../../gateway-bridge/src/access/people/testing/people-world.ts";
import {
  SoftAuthenticator,
  type Algorithm,
} from "../../gateway-bridge/src/access/people/testing/soft-authenticator.ts";
import { mutate, seeded } from "../support/fuzz.ts";

const inputs = 10_000;
const algorithms: readonly Algorithm[] = ["ES256", "EdDSA", "RS256"];
/** Bytes of CBOR, flags, lengths and words of client data. */
const dictionary = [
  ...Array.from("\xa0\xa1\xa5\xbf\xff\x9f\x5f\x40\x58\x59\x5a\x5b\x1b\x3b\xd8\xf9\xfa\xfb\x00\x01\x04\x45\x41\xc5"),
  "\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
  "\x9b\x00\x00\x00\x01\x00\x00\x00\x00",
  "\x81".repeat(64),
  "\xa1\x01".repeat(64),
  ...["fmt", "none", "packed", "attStmt", "authData", "x5c", "webauthn.get", "webauthn.create", "crossOrigin", "true"],
  ...["__proto__", "constructor", "null", "{}", "[]", '"', "\u0000", "tokenBinding", "topOrigin"],
];

interface Case<T> {
  readonly answer: T;
  readonly challenge: string;
  readonly kept: KeptPasskey;
}

const open = async (): Promise<{ made: Case<PasskeyAttestation>[]; shown: Case<PasskeyAssertion>[] }> => {
  await using world = await PeopleWorld.open();
  const made: Case<PasskeyAttestation>[] = [];
  const shown: Case<PasskeyAssertion>[] = [];
  for (const algorithm of algorithms) {
    const device = new SoftAuthenticator({ algorithm });
    const login = world.invited(algorithm.toLowerCase());
    const offer = world.door.passkeyEnrolment.offer(login, site);
    const answer = device.create(offer, site.origin);
    await world.door.passkeyEnrolment.add(login, { name: "d", ceremony: offer.ceremony, response: answer }, site);
    const kept = world.door.passkeys.find(answer.id)!;
    made.push({ answer, challenge: offer.options.challenge, kept });
    const question = world.door.passkeyProofs.offerSignIn(site);
    shown.push({ answer: device.get(question, site.origin), challenge: question.options.challenge, kept });
  }
  return { made, shown };
};

/** One of an answer's parts as its bytes changed, or its JSON as text. */
const twisted = (answer: PasskeyAttestation | PasskeyAssertion, random: () => number): unknown => {
  const response: Readonly<Record<string, unknown>> = answer.response;
  const parts = Object.keys(response).filter((name) => typeof response[name] === "string" && name !== "userHandle");
  const part = parts[Math.floor(random() * (parts.length + 1))];
  if (part === undefined) {
    const text = Buffer.from(JSON.stringify(answer));
    const changed = mutate(text, { corpus: [text], dictionary: [] }, random).toString();
    try {
      return JSON.parse(changed);
    } catch {
      return undefined;
    }
  }
  const bytes = Buffer.from(String(response[part]), "base64url");
  const changed = mutate(bytes, { corpus: [bytes], dictionary }, random);
  return { ...answer, response: { ...response, [part]: changed.toString("base64url") } };
};

const refusal = (error: unknown): undefined => {
  if (isGatehouseError(error) && error.code === "passkey-refused") return undefined;
  throw error;
};

describe("what anybody may send as a passkey's answer", () => {
  it("is a new passkey of a whole key, or refused by its code", async () => {
    const { made } = await open();
    const random = seeded(7);
    let [taken, read] = [0, 0];
    for (let index = 0; index < inputs; index += 1) {
      const { answer, challenge } = made[index % made.length]!;
      const parsed = PasskeyAttestation.safeParse(twisted(answer, random));
      if (!parsed.success) continue;
      read += 1;
      const found = await readNewPasskey(parsed.data, { challenge, site }).catch(refusal);
      if (found === undefined) continue;
      taken += 1;
      // Nobody signs what attests to it, its counter or the device's make.
      expect(found.credential).toBe(parsed.data.id);
    }
    expect(read).toBeGreaterThan(inputs / 2);
    expect(taken).toBeLessThan(read / 2);
  }, 120_000);

  it("shows a passkey only as it was signed, and else is refused", async () => {
    const { shown } = await open();
    const random = seeded(8);
    let read = 0;
    for (let index = 0; index < inputs; index += 1) {
      const { answer, challenge, kept } = shown[index % shown.length]!;
      const parsed = PasskeyAssertion.safeParse(twisted(answer, random));
      if (!parsed.success) continue;
      read += 1;
      const found = await readShownPasskey(parsed.data, { challenge, site }, kept);
      if (found === undefined) continue;
      const bytesOf = ({ response }: PasskeyAssertion): Buffer[] =>
        [response.clientDataJSON, response.authenticatorData].map((text) => Buffer.from(text, "base64url"));
      expect(bytesOf(parsed.data)).toEqual(bytesOf(answer));
    }
    expect(read).toBeGreaterThan(inputs / 2);
  }, 120_000);
});
