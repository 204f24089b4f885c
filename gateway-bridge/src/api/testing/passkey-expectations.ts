import { PasskeyId } from "@gatehouse/shared";

import { peopleSamples } from "./people-expectations.ts";

const passkey = {
  id: PasskeyId.parse("passkey-aaaaaaaaaaaaaaaa"),
  name: "Phone",
  host: "home.local",
  usable: true,
  backedUp: false,
  created: 1,
  used: null,
};
const ceremony = "A".repeat(43);
const known = { challenge: ceremony, timeout: 1 };
const request = {
  ceremony,
  options: { ...known, rpId: "home.local", allowCredentials: [], userVerification: "required" as const },
};
const enrolment = {
  ceremony,
  options: {
    ...known,
    rp: { id: "home.local", name: "Home" },
    user: { id: "AA", name: "ann", displayName: "Ann" },
    pubKeyCredParams: [],
    excludeCredentials: [],
    authenticatorSelection: {
      residentKey: "required" as const,
      requireResidentKey: true as const,
      userVerification: "required" as const,
    },
    attestation: "none" as const,
  },
};

/** A well-formed answer of every route about passkeys. */
export const passkeySamples = {
  offerPasskeySignIn: request,
  signInWithPasskey: peopleSamples.me,
  offerPasskeyStepUp: request,
  stepUpWithPasskey: peopleSamples.me,
  listPasskeys: [passkey],
  offerPasskey: enrolment,
  addPasskey: passkey,
  removePasskey: {},
};

const named = { id: "AA", rawId: "AA", type: "public-key" };
const shown = {
  ceremony,
  response: { ...named, response: { clientDataJSON: "AA", authenticatorData: "AA", signature: "AA" } },
};
const made = { ...named, response: { clientDataJSON: "AA", attestationObject: "AA" } };

export const passkeyRequests = {
  offerPasskeySignIn: { path: "/v1/sign-in/passkey/options" },
  signInWithPasskey: { path: "/v1/sign-in/passkey", body: shown },
  offerPasskeyStepUp: { path: "/v1/me/step-up/passkey/options" },
  stepUpWithPasskey: { path: "/v1/me/step-up/passkey", body: shown },
  listPasskeys: { path: "/v1/me/passkeys" },
  offerPasskey: { path: "/v1/me/passkeys/options" },
  addPasskey: { path: "/v1/me/passkeys", body: { name: "Phone", ceremony, response: made } },
  removePasskey: { path: "/v1/me/passkeys/passkey-aaaaaaaaaaaaaaaa" },
};

/** `page`: anybody, from the gateway's own page. `login`: who is signed in, and no key at all. */
export const mayCallAboutPasskeys = {
  offerPasskeySignIn: "page",
  signInWithPasskey: "page",
  offerPasskeyStepUp: "login",
  stepUpWithPasskey: "login",
  listPasskeys: "login",
  offerPasskey: "login",
  addPasskey: "login",
  removePasskey: "login",
} as const;

/** Who comes in is written down where that happens. */
export const auditedAboutPasskeys = {
  offerPasskeySignIn: false,
  signInWithPasskey: false,
  offerPasskeyStepUp: true,
  stepUpWithPasskey: true,
  listPasskeys: false,
  offerPasskey: true,
  addPasskey: true,
  removePasskey: true,
};
