import { describe, it } from "@jest/globals";

import { parseChallenges } from "../../gateway-bridge/src/protocols/auth/challenge.ts";
import { readDigestChallenge } from "../../gateway-bridge/src/protocols/auth/digest.ts";
import { fuzz } from "../support/fuzz.ts";

describe("what a camera sends over RTSP", () => {
  it("is no danger as a login challenge", () => {
    const corpus = [
      'Digest realm="IP Camera(C2)", nonce="4d5449", algorithm="MD5", qop="auth, auth-int", stale="FALSE"',
      'Digest qop="auth", realm="a\\"b", nonce="n", opaque="o", algorithm=SHA-256-sess, Basic realm="x"',
      "Negotiate YII9==, Digest nonce=AbC+/9 stale=true;",
    ].map((text) => Buffer.from(text, "latin1"));
    const dictionary = ['"', "\\", ",", "=", ";", " ", "Digest ", "Basic ", "nonce=", "qop=", "\x00", "\t", "SHA-256"];
    fuzz((input) => parseChallenges([input.toString("latin1")]).map(readDigestChallenge), { corpus, dictionary });
  });
});
