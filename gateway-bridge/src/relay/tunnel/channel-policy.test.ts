import { describe, expect, it } from "@jest/globals";
import {
  DeviceId,
  PrincipalId,
  signAdmission,
  spkiPin,
  type AdmissionContext,
  type OpenChannel,
  type TunnelId,
} from "@gatehouse/shared";
import { generateKeyPairSync, randomBytes } from "node:crypto";

import { spkiOf } from "../../protocols/x509/certificate.ts";
import { decideChannel, type ChannelFacts } from "./channel-policy.ts";

const device = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
const thumbprint = spkiPin(spkiOf(device.publicKey));
const visitor = { device: DeviceId.parse("dev-aaaaaaaaaaaaaaaa"), person: PrincipalId.parse("who-aaaaaaaaaaaaaaaa") };
const pin = (): string => randomBytes(32).toString("base64url");
const relayKeys = [pin(), pin()];
const context: AdmissionContext = {
  relay: "relay.test",
  relayKey: relayKeys[0]!,
  gateway: "gr-aaaaaaaaaaaaaaaa" as TunnelId,
  nonce: pin(),
  time: 1_700_000_000_000,
};

/** What a device signs and a relay passes on, and what the gateway knows. */
const facts = (
  signed: Partial<AdmissionContext> = {},
  over: Partial<OpenChannel> = {},
  signer = device,
): ChannelFacts => ({
  open: {
    v: 1,
    nonce: context.nonce,
    time: context.time,
    key: spkiOf(device.publicKey).toString("base64"),
    signature: signAdmission(signer.privateKey, { ...context, ...signed }),
    source: "192.0.2.1",
    ...over,
  },
  home: { relay: context.relay, relayKeys, gateway: context.gateway },
  nonce: "fresh",
  find: (shown) => (shown === thumbprint ? visitor : undefined),
});

describe("decideChannel", () => {
  it("admits a device that signed for this relay, this gateway and this tunnel", () => {
    expect(decideChannel(facts())).toEqual({ admit: true, visitor, thumbprint });
  });

  it("admits what was signed for either key of a relay that changes its key", () => {
    expect(decideChannel(facts({ relayKey: relayKeys[1]! }))).toMatchObject({ admit: true });
  });

  it.each<[string, Partial<AdmissionContext>]>([
    ["another relay's name", { relay: "relay.other" }],
    ["another relay's key", { relayKey: pin() }],
    ["another gateway", { gateway: "gr-bbbbbbbbbbbbbbbb" as TunnelId }],
    ["another nonce", { nonce: pin() }],
    ["another time", { time: context.time + 1 }],
  ])("refuses what was signed for %s", (_, signed) => {
    expect(decideChannel(facts(signed))).toEqual({ admit: false, why: "unsigned" });
  });

  it("refuses a thumbprint whose key did not sign", () => {
    expect(decideChannel(facts({}, {}, stranger))).toEqual({ admit: false, why: "unsigned" });
  });

  it("refuses a signature over what the relay then says otherwise", () => {
    expect(decideChannel(facts({}, { time: context.time + 1 }))).toEqual({ admit: false, why: "unsigned" });
  });

  it("refuses a stranger who signs with a key of their own", () => {
    const key = spkiOf(stranger.publicKey).toString("base64");
    expect(decideChannel(facts({}, { key }, stranger))).toEqual({ admit: false, why: "unknown" });
  });

  it("refuses a revoked device, whatever it signs", () => {
    expect(decideChannel({ ...facts(), find: () => undefined })).toEqual({ admit: false, why: "unknown" });
  });

  it.each([
    ["foreign", "foreign"],
    ["used", "replayed"],
  ] as const)("refuses a nonce that is %s before it looks at a key", (nonce, why) => {
    const find = (): never => {
      throw new Error("asked");
    };
    expect(decideChannel({ ...facts(), nonce, find })).toEqual({ admit: false, why });
  });

  it("refuses a key that is none, even one whose thumbprint is on the roll", () => {
    const key = Buffer.alloc(44).toString("base64");
    expect(decideChannel({ ...facts({}, { key }), find: () => visitor })).toEqual({ admit: false, why: "unsigned" });
  });
});
