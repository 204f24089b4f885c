import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { inspect } from "node:util";

import { Authorizer, type AuthorizerOptions, type AuthScheme } from "./authorizer.ts";

class Memory {
  floor: AuthScheme;

  constructor(floor: AuthScheme = "none") {
    this.floor = floor;
  }

  raise(scheme: AuthScheme): void {
    this.floor = scheme;
  }
}

const md5 = 'Digest realm="r", nonce="one"';
const sha256 = 'Digest realm="r", nonce="one", algorithm=SHA-256, qop="auth"';
const code = (expected: string): Error => expect.objectContaining({ code: expected }) as unknown as Error;

const make = (options: Partial<AuthorizerOptions> = {}): Authorizer =>
  new Authorizer({
    credentials: { username: "admin", password: Secret.of("secret") },
    secure: false,
    memory: new Memory(),
    ...options,
  });

describe("Authorizer", () => {
  it("sends nothing before it was asked, then answers and counts", () => {
    const login = make();
    expect(login.authorize("DESCRIBE", "rtsp://h/")).toBeUndefined();
    login.challenge([md5, sha256]);
    expect(login.authorize("DESCRIBE", "rtsp://h/")).toMatch(/algorithm=SHA-256, qop=auth, nc=00000001/);
    login.accepted();
    expect(login.authorize("SETUP", "rtsp://h/1")).toMatch(/nc=00000002/);
  });

  it("remembers the strongest login, and only once it was accepted", () => {
    const memory = new Memory();
    const login = make({ memory });
    login.challenge([sha256]);
    login.authorize("A", "b");
    expect(memory.floor).toBe("none");
    login.accepted();
    expect(memory.floor).toBe("digest-sha-256");
  });

  it("refuses a weaker login later, and sends nothing", () => {
    const login = make({ memory: new Memory("digest-sha-256") });
    expect(() => login.challenge([md5])).toThrow(code("camera-weaker-auth"));
    expect(login.authorize("A", "b")).toBeUndefined();
  });

  it("refuses an answer without any login where there was one before", () => {
    expect(() => make({ memory: new Memory("digest-md5") }).accepted()).toThrow(code("camera-weaker-auth"));
    expect(() => make().accepted()).not.toThrow();
  });

  it("is satisfied once a login as strong as before was accepted", () => {
    const login = make({ memory: new Memory("digest-md5") });
    const seen = [login.isSatisfied];
    login.challenge([md5]);
    seen.push(login.isSatisfied);
    login.authorize("A", "b");
    seen.push(login.isSatisfied);
    login.accepted();
    seen.push(login.isSatisfied);
    expect(seen).toEqual([false, false, false, true]);
    expect(make().isSatisfied).toBe(true);
  });

  it("sends Basic inside TLS only", () => {
    const header = 'Basic realm="r"';
    expect(() => make().challenge([header])).toThrow(code("camera-basic-refused"));
    const inside = make({ secure: true });
    inside.challenge([header]);
    expect(inside.authorize("A", "b")).toBe(`Basic ${Buffer.from("admin:secret").toString("base64")}`);
  });

  it("says that a login is needed where none is known", () => {
    expect(() => make({ credentials: undefined }).challenge([md5])).toThrow(code("camera-credentials"));
  });

  it.each([[[]], [["Negotiate"]], [["Digest realm=x"]], [["\u0000"]]])("calls %j no login it knows", (headers) => {
    expect(() => make().challenge(headers)).toThrow(code("camera-answer-malformed"));
  });

  it("tries each password once", () => {
    for (const again of [md5, 'Digest realm="r", nonce="two"', 'Digest realm="r", nonce="two", stale=false']) {
      const login = make();
      login.challenge([md5]);
      login.authorize("A", "b");
      expect(() => login.challenge([again])).toThrow(code("camera-credentials"));
    }
    const basic = make({ secure: true });
    basic.challenge(["Basic"]);
    basic.authorize("A", "b");
    expect(() => basic.challenge(["Basic"])).toThrow(code("camera-credentials"));
  });

  it("answers a stale nonce's successor, but not for ever", () => {
    const login = make();
    login.challenge([md5]);
    for (const nonce of ["two", "three"]) {
      login.authorize("A", "b");
      login.challenge([`Digest realm="r", nonce="${nonce}", stale=true`]);
    }
    expect(login.authorize("A", "b")).toContain('nonce="three"');
    expect(() => login.challenge(['Digest realm="r", nonce="four", stale=true'])).toThrow(code("camera-credentials"));
  });

  it("takes a new nonce after an accepted request even if the camera does not call the old one stale", () => {
    const login = make();
    login.challenge([md5]);
    login.authorize("A", "b");
    login.accepted();
    login.authorize("A", "b");
    login.challenge(['Digest realm="r", nonce="two"']);
    expect(login.authorize("A", "b")).toContain('nonce="two"');
    expect(() => login.challenge(['Digest realm="r", nonce="three"'])).toThrow(code("camera-credentials"));
  });

  it("does not take overlapping requests for refusals", () => {
    const login = make();
    login.challenge([md5], { authorization: undefined });
    const first = login.authorize("A", "b");
    // Sent before the login was there, refused after it was used.
    login.challenge(['Digest realm="r", nonce="other"'], { authorization: undefined });
    expect(login.authorize("A", "b")).toContain('nonce="one"');
    login.accepted();
    login.challenge(['Digest realm="r", nonce="two"'], { authorization: first });
    // Refused with the nonce before.
    login.authorize("A", "b");
    login.challenge(['Digest realm="r", nonce="three"'], { authorization: first });
    const last = login.authorize("A", "b");
    expect(last).toContain('nonce="two"');
    expect(() => login.challenge(['Digest realm="r", nonce="four"'], { authorization: last })).toThrow(
      code("camera-credentials"),
    );
  });

  it("hashes names and passwords as UTF-8", () => {
    const login = make({ credentials: { username: "jörg", password: Secret.of("pässwörd€") } });
    login.challenge([md5]);
    const answer = login.authorize("GET", "/") ?? "";
    const hash = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");
    expect(answer).toContain(`response="${hash(`${hash("jörg:r:pässwörd€")}:one:${hash("GET:/")}`)}"`);
    expect(Buffer.from(answer, "latin1").toString("utf8")).toContain('username="jörg"');
  });

  it("refuses a user name that would break out of its header", () => {
    const login = make({ credentials: { username: "a\r\nX: y", password: Secret.of("p") } });
    expect(() => login.challenge([md5])).toThrow(code("camera-credentials"));
  });

  it("never shows the password when printed", () => {
    const login = make();
    login.challenge([md5]);
    expect(inspect(login, { depth: 9, showHidden: true })).not.toContain("secret");
  });
});
