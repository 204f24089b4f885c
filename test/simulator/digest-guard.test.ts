import { describe, expect, it } from "@jest/globals";

import { DigestGuard, type DigestGuardOptions } from "./digest-guard.ts";
import { answerChallenge } from "./rtsp-probe.ts";

const login = { username: "viewer", password: "correct horse" };
const request = { method: "DESCRIBE", uri: "rtsp://camera/main" };
const makeGuard = (options: Partial<DigestGuardOptions> = {}) =>
  new DigestGuard({
    passwordOf: (username) => (username === login.username ? login.password : undefined),
    realm: "camera",
    algorithms: ["sha-256", "md5"],
    qop: true,
    basic: false,
    nonceLifetimeMs: 60_000,
    ...options,
  });

describe.each([true, false])("with qop %s", (qop) => {
  it.each(["md5", "sha-256"] as const)("admits the right password by %s", (algorithm) => {
    const guard = makeGuard({ qop, algorithms: [algorithm] });
    const [challenge = ""] = guard.challenges();
    expect(guard.check(answerChallenge(challenge, { ...login, ...request }), request)).toBe("allowed");
    expect(guard.failures).toBe(0);
  });

  it.each([
    ["a wrong password", { password: "wrong" }],
    ["a wrong user", { username: "root" }],
    ["an answer for another method", { method: "PLAY" }],
    ["an answer for another URL", { uri: "rtsp://camera/sub" }],
  ])("denies and counts %s", (_, wrong) => {
    const guard = makeGuard({ qop });
    const [challenge = ""] = guard.challenges();
    expect(guard.check(answerChallenge(challenge, { ...login, ...request, ...wrong }), request)).toBe("denied");
    expect(guard.failures).toBe(1);
  });

  it("calls an answer to an unknown nonce stale, if the password is right", () => {
    const guard = makeGuard({ qop });
    const [challenge = ""] = guard.challenges();
    guard.forget();
    expect(guard.check(answerChallenge(challenge, { ...login, ...request }), request)).toBe("stale");
    expect(guard.challenges(true)).toEqual(guard.challenges(true).map(() => expect.stringContaining("stale=true")));
  });

  it("calls an expired nonce stale", () => {
    const guard = makeGuard({ qop, nonceLifetimeMs: 0 });
    const [challenge = ""] = guard.challenges();
    expect(guard.check(answerChallenge(challenge, { ...login, ...request }), request)).toBe("stale");
  });
});

it("offers its algorithms in order, MD5 without a name", () => {
  const [first, second] = makeGuard({ qop: false }).challenges();
  expect(first).toMatch(/^Digest realm="camera", nonce="[0-9a-f]{32}", algorithm=SHA-256$/);
  expect(second).toMatch(/^Digest realm="camera", nonce="[0-9a-f]{32}"$/);
});

it("refuses an algorithm that it did not offer", () => {
  const guard = makeGuard({ algorithms: ["sha-256"] });
  const [challenge = ""] = guard.challenges();
  const weaker = answerChallenge(challenge.replace("SHA-256", "MD5"), { ...login, ...request });
  expect(guard.check(weaker, request)).toBe("denied");
});

it("refuses the older form where it asked for qop", () => {
  const guard = makeGuard();
  const [challenge = ""] = guard.challenges();
  const older = answerChallenge(challenge.replace(', qop="auth"', ""), { ...login, ...request });
  expect(guard.check(older, request)).toBe("denied");
});

it("takes each nonce count once", () => {
  const guard = makeGuard();
  const [challenge = ""] = guard.challenges();
  const answer = (nc: string) => guard.check(answerChallenge(challenge, { ...login, ...request, nc }), request);
  expect([answer("00000001"), answer("00000002"), answer("00000001")]).toEqual(["allowed", "allowed", "stale"]);
});

it("asks when nothing is given, and denies other schemes", () => {
  const guard = makeGuard();
  expect(guard.check(undefined, request)).toBe("missing");
  expect(guard.check("Bearer token", request)).toBe("denied");
  expect(guard.check("", request)).toBe("denied");
});

it("takes Basic only where that is on", () => {
  const basic = `Basic ${Buffer.from("viewer:correct horse").toString("base64")}`;
  expect(makeGuard().check(basic, request)).toBe("denied");
  expect(makeGuard({ basic: true }).check(basic, request)).toBe("allowed");
  expect(makeGuard({ basic: true }).challenges().at(-1)).toBe('Basic realm="camera"');
});
