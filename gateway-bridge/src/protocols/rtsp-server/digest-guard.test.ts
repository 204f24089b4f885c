import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";

import { parseChallenges } from "../auth/challenge.ts";
import { DigestResponder, readDigestChallenge } from "../auth/digest.ts";
import { DigestGuard, type DigestAlgorithm, type LoginVerdict } from "./digest-guard.ts";

const realm = "Gatehouse gw-x";
const username = "who-aaaaaaaaaaaaaaaa";
const password = "correct horse";
const uri = "rtsps://gate.lan:8322/cam-a/";
const request = { method: "DESCRIBE", uri };

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const ha1 = (name: string, algorithm: DigestAlgorithm): Buffer | undefined =>
  name === username
    ? createHash(algorithm === "MD5" ? "md5" : "sha256")
        .update(`${username}:${realm}:${password}`)
        .digest()
    : undefined;

const makeGuard = ({ secure = true, clock = new TestClock() } = {}): DigestGuard =>
  new DigestGuard({ realm, secure, clock, ha1 });

/** What a client makes of a challenge; counts its requests. */
const responder = (guard: DigestGuard, algorithm: DigestAlgorithm, secret = password): DigestResponder => {
  const offers = parseChallenges(guard.challenges({ stale: false })).flatMap(
    (offer) => readDigestChallenge(offer) ?? [],
  );
  const challenge = offers.find((offer) => offer.algorithm === algorithm);
  if (challenge === undefined) throw new Error("not offered");
  return new DigestResponder(challenge, { username, password: secret });
};

const nonceOf = (guard: DigestGuard): string =>
  /nonce="([^"]+)"/.exec(guard.challenges({ stale: false })[0] ?? "")?.[1] ?? "";

/** The form of RFC 2069, as GStreamer and live555 write it. */
const uncounted = (nonce: string, { as = username, hashed = uri, method = "DESCRIBE" } = {}): string => {
  const response = md5(`${md5(`${username}:${realm}:${password}`)}:${nonce}:${md5(`${method}:${hashed}`)}`);
  return `Digest username="${as}", realm="${realm}", nonce="${nonce}", uri="${hashed}", response="${response}"`;
};

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const accepted: LoginVerdict = { kind: "accepted", username };

describe("DigestGuard", () => {
  it.each(["MD5", "SHA-256"] as const)("lets in who answers its %s challenge, request after request", (algorithm) => {
    const guard = makeGuard();
    const client = responder(guard, algorithm);
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) {
      const authorization = client.authorize(method, uri);
      expect(guard.verify({ method, uri, authorization })).toEqual(accepted);
    }
  });

  it("offers the strongest first and MD5 as the last Digest; a readable password only inside TLS", () => {
    const kinds = (secure: boolean): string[] =>
      makeGuard({ secure })
        .challenges({ stale: false })
        .map((value) => /algorithm=([\w-]+)/.exec(value)?.[1] ?? value.split(" ")[0] ?? "");
    expect(kinds(true)).toEqual(["SHA-256", "MD5", "Basic"]);
    expect(kinds(false)).toEqual(["SHA-256", "MD5"]);
  });

  it("takes the older form that counts nothing", () => {
    const guard = makeGuard();
    const authorization = uncounted(nonceOf(guard));
    expect(guard.verify({ ...request, authorization })).toEqual(accepted);
    expect(guard.verify({ ...request, authorization })).toEqual(accepted);
  });

  it("takes the hash of the path alone", () => {
    const guard = makeGuard();
    expect(guard.verify({ ...request, authorization: uncounted(nonceOf(guard), { hashed: "/cam-a/" }) })).toEqual(
      accepted,
    );
  });

  it.each([
    ["rtsps://gate.lan:8322/cam-a/", "rtsps://gate.lan:8322/cam-a/trackID=0"],
    ["rtsps://gate.lan:8322/cam-a", "rtsps://gate.lan:8322/cam-a/trackID=1/"],
    ["rtsps://gate.lan:8322/cam-a/sub/", "rtsps://gate.lan:8322/cam-a/sub/trackID=0"],
    ["rtsps://gate.lan:8322/cam-a", "rtsps://gate.lan:8322/cam-a/"],
  ])("takes the hash of the stream %s for %s, as live555 makes it", (hashed, requested) => {
    const guard = makeGuard();
    const authorization = uncounted(nonceOf(guard), { hashed, method: "SETUP" });
    expect(guard.verify({ method: "SETUP", uri: requested, authorization })).toEqual(accepted);
  });

  it.each([
    ["another camera", "rtsps://gate.lan:8322/cam-b/trackID=0"],
    ["another tier", "rtsps://gate.lan:8322/cam-a/sub"],
    ["a track of another tier", "rtsps://gate.lan:8322/cam-a/sub/trackID=0"],
    ["what only looks like a track", "rtsps://gate.lan:8322/cam-a/trackID=0/x"],
    ["everything", "*"],
  ])("takes the hash of a stream for no other: not for %s", (_, requested) => {
    const guard = makeGuard();
    const authorization = uncounted(nonceOf(guard), { hashed: "rtsps://gate.lan:8322/cam-a/", method: "SETUP" });
    expect(guard.verify({ method: "SETUP", uri: requested, authorization })).toEqual({ kind: "refused" });
  });

  it("takes the hash of one track for no other", () => {
    const guard = makeGuard();
    const authorization = uncounted(nonceOf(guard), { hashed: `${uri}trackID=0`, method: "SETUP" });
    expect(guard.verify({ method: "SETUP", uri: `${uri}trackID=1`, authorization })).toEqual({ kind: "refused" });
    expect(guard.verify({ method: "SETUP", uri, authorization })).toEqual({ kind: "refused" });
  });

  it.each([
    ["another camera's", { hashed: "rtsps://gate.lan:8322/cam-b/" }],
    ["another request's", { method: "PLAY" }],
    ["another name's", { as: "who-bbbbbbbbbbbbbbbb" }],
  ])("refuses %s answer", (_, over) => {
    const guard = makeGuard();
    expect(guard.verify({ ...request, authorization: uncounted(nonceOf(guard), over) })).toEqual({ kind: "refused" });
  });

  it("refuses a wrong password", () => {
    const guard = makeGuard();
    for (const algorithm of ["MD5", "SHA-256"] as const) {
      const authorization = responder(guard, algorithm, "wrong horse").authorize("DESCRIBE", uri);
      expect(guard.verify({ ...request, authorization })).toEqual({ kind: "refused" });
    }
  });

  it("takes each count of a nonce once", () => {
    const guard = makeGuard();
    const client = responder(guard, "SHA-256");
    const first = client.authorize("DESCRIBE", uri);
    const second = client.authorize("DESCRIBE", uri);
    expect(guard.verify({ ...request, authorization: second })).toEqual(accepted);
    expect(guard.verify({ ...request, authorization: second })).toEqual({ kind: "stale" });
    expect(guard.verify({ ...request, authorization: first })).toEqual({ kind: "stale" });
  });

  it("takes nothing that was overheard on another connection", () => {
    const overheard = responder(makeGuard(), "MD5").authorize("DESCRIBE", uri);
    const guard = makeGuard();
    guard.challenges({ stale: false });
    expect(guard.verify({ ...request, authorization: overheard })).toEqual({ kind: "stale" });
    expect(guard.verify({ ...request, authorization: uncounted(nonceOf(makeGuard())) })).toEqual({ kind: "stale" });
  });

  it("calls a nonce stale after five minutes, and gives a new one", async () => {
    const clock = new TestClock();
    const guard = makeGuard({ clock });
    const client = responder(guard, "MD5");
    const before = nonceOf(guard);
    await clock.advance(5 * 60_000 + 1);
    expect(guard.verify({ ...request, authorization: client.authorize("DESCRIBE", uri) })).toEqual({ kind: "stale" });
    expect(guard.challenges({ stale: true })).toContainEqual(expect.stringContaining("stale=true"));
    expect(nonceOf(guard)).not.toBe(before);
    expect(guard.verify({ ...request, authorization: responder(guard, "MD5").authorize("DESCRIBE", uri) })).toEqual(
      accepted,
    );
  });

  it("takes a readable password inside TLS alone", () => {
    const authorization = basic(`${username}:${password}`);
    expect(makeGuard({ secure: true }).verify({ ...request, authorization })).toEqual(accepted);
    expect(makeGuard({ secure: false }).verify({ ...request, authorization })).toEqual({ kind: "refused" });
    for (const wrong of [`${username}:wrong`, `nobody:${password}`, username]) {
      expect(makeGuard().verify({ ...request, authorization: basic(wrong) })).toEqual({ kind: "refused" });
    }
  });

  it("opens nothing to a hash of zeros, which stands in for nobody's", () => {
    const guard = makeGuard();
    const nonce = nonceOf(guard);
    const response = md5(`${"00".repeat(32)}:${nonce}:${md5(`DESCRIBE:${uri}`)}`);
    const authorization = `Digest username="nobody", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`;
    expect(guard.verify({ ...request, authorization })).toEqual({ kind: "refused" });
  });

  it("is not troubled by characters that no hash has", () => {
    const authorization = uncounted(nonceOf(makeGuard())).replace(/response="./, 'response="\u00fa');
    expect(makeGuard().verify({ ...request, authorization })).toEqual({ kind: "refused" });
  });

  it("says when no login came", () => {
    expect(makeGuard().verify({ ...request, authorization: undefined })).toEqual({ kind: "missing" });
  });

  it.each([
    ["", "Digest", "Bearer x", "Basic", "Digest username=x"],
    [`Digest username="${username}", realm="other", nonce="n", uri="${uri}", response="00"`],
    [`Digest username="${username}", realm="${realm}", nonce="n", uri="${uri}", response="00", algorithm=SHA-512`],
    [
      `Digest username="${username}", realm="${realm}", nonce="n", uri="${uri}", response="00", qop=auth-int, nc=00000001, cnonce="c"`,
    ],
    [
      `Digest username="${username}", realm="${realm}", nonce="n", uri="${uri}", response="00", qop=auth, nc=1, cnonce="c"`,
    ],
    [`Digest username="${username}", realm="${realm}", nonce="n", uri="${uri}", response="00", qop=auth, nc=00000001`],
    [`Digest username="${username}", realm="${realm}", nonce="n", uri="${uri}"`],
  ])("refuses %s", (...headers) => {
    for (const authorization of headers) {
      expect(makeGuard().verify({ ...request, authorization })).toEqual({ kind: "refused" });
    }
  });
});
