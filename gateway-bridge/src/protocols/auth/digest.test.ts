import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";

import { parseChallenges } from "./challenge.ts";
import { DigestResponder, readDigestChallenge, type DigestChallenge } from "./digest.ts";

const read = (header: string): DigestChallenge | undefined => parseChallenges([header]).map(readDigestChallenge)[0];

const challenge = (header: string): DigestChallenge => {
  const found = read(header);
  if (found === undefined) throw new Error(`not understood: ${header}`);
  return found;
};

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

describe("DigestResponder", () => {
  it("gives the answers of RFC 7616 3.9.1", () => {
    const login = { username: "Mufasa", password: "Circle of Life" };
    const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const rest =
      'realm="http-auth@example.org", qop="auth, auth-int", ' +
      'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
    const sha256 = new DigestResponder(challenge(`Digest ${rest}, algorithm=SHA-256`), login, cnonce);
    expect(sha256.authorize("GET", "/dir/index.html")).toBe(
      'Digest username="Mufasa", realm="http-auth@example.org", ' +
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", ' +
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", algorithm=SHA-256, qop=auth, ' +
        `nc=00000001, cnonce="${cnonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    );
    const old = new DigestResponder(challenge(`Digest ${rest}, algorithm=MD5`), login, cnonce);
    expect(old.authorize("GET", "/dir/index.html")).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
  });

  it("gives the answer of RFC 2069 where no qop is offered, and no cnonce", () => {
    const found = challenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"');
    const responder = new DigestResponder(found, { username: "Mufasa", password: "CircleOfLife" });
    expect(responder.authorize("GET", "/dir/index.html")).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
        'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea"',
    );
  });

  it("counts the requests of one nonce", () => {
    const responder = new DigestResponder(challenge('Digest realm="r", nonce="n", qop=auth'), {
      username: "u",
      password: "p",
    });
    const answers = [1, 2, 3].map(() => responder.authorize("OPTIONS", "*"));
    expect(answers.map((answer) => /nc=(\w+)/.exec(answer)?.[1])).toEqual(["00000001", "00000002", "00000003"]);
    expect(new Set(answers.map((answer) => /response="(\w+)"/.exec(answer)?.[1])).size).toBe(3);
  });

  it.each(["", ', qop="auth"'])("binds the session forms to the nonces (%s)", (qop) => {
    const found = challenge(`Digest realm="r", nonce="n", algorithm=MD5-sess${qop}`);
    const answer = new DigestResponder(found, { username: "u", password: "p" }, "c").authorize("PLAY", "rtsp://h/");
    const middle = qop === "" ? "n" : "n:00000001:c:auth";
    const expected = md5(`${md5(`${md5("u:r:p")}:n:c`)}:${middle}:${md5("PLAY:rtsp://h/")}`);
    expect(answer).toContain(`response="${expected}"`);
    expect(answer).toContain('cnonce="c"');
    expect(answer).toContain("algorithm=MD5-sess");
  });

  it("draws a new cnonce for each challenge", () => {
    const draw = (): string =>
      new DigestResponder(challenge('Digest nonce="n", qop=auth'), { username: "u", password: "p" }).authorize(
        "A",
        "b",
      );
    expect(draw()).not.toBe(draw());
  });

  it("escapes what would end a quoted string", () => {
    const found = challenge(String.raw`Digest realm="a\"b", nonce="c\\d"`);
    const answer = new DigestResponder(found, { username: 'e"f', password: "p" }).authorize("GET", "/");
    expect(answer).toContain(String.raw`username="e\"f", realm="a\"b", nonce="c\\d"`);
  });
});

describe("readDigestChallenge", () => {
  it.each<[string, Partial<DigestChallenge>]>([
    ['Digest nonce="n"', { hash: "md5", session: false, algorithm: undefined, qop: undefined, realm: "" }],
    ['Digest nonce="n", algorithm="sha-256-SESS"', { hash: "sha256", session: true, algorithm: "sha-256-SESS" }],
    ['Digest nonce="n", algorithm=SHA256', { hash: "sha256", session: false }],
    ['Digest nonce="n", qop="auth-int, AUTH"', { qop: "auth" }],
    ['Digest nonce="n", qop=""', { qop: undefined }],
    ['Digest nonce="n", stale=TRUE', { stale: true }],
    ['Digest nonce="n", stale="false"', { stale: false }],
    ['Digest nonce="n", opaque=""', { opaque: "" }],
  ])("understands %s", (header, expected) => {
    expect(read(header)).toMatchObject(expected);
  });

  it.each(['Digest realm="r"', 'Digest nonce="n", algorithm=SHA-512-256', 'Digest nonce="n", qop="auth-int"', "Basic"])(
    "leaves %s alone",
    (header) => {
      expect(read(header)).toBeUndefined();
    },
  );
});
