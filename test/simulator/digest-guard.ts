import { createHash, randomBytes } from "node:crypto";

export type DigestAlgorithm = "md5" | "sha-256";

export interface DigestGuardOptions {
  readonly realm: string;
  /** The password that an account has now; undefined where there is no such account. */
  readonly passwordOf: (username: string) => string | undefined;
  /** Offered in this order. */
  readonly algorithms: readonly DigestAlgorithm[];
  /** False for the older form without `qop`, `nc` and `cnonce` (RFC 2069), which many cameras still speak. */
  readonly qop: boolean;
  /** Accepts Basic as well. */
  readonly basic: boolean;
  readonly nonceLifetimeMs: number;
}

/** `stale`: the password is right, but a new nonce is due. */
export type Verdict = "allowed" | "missing" | "denied" | "stale";

/** A verdict, and about whom: undefined where nobody was named. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly username: string | undefined;
}

interface Nonce {
  readonly issuedAt: number;
  /** Every count may be used once. */
  readonly counts: Set<string>;
}

const maxNonces = 1_000;

/** The camera's side of HTTP and RTSP authentication (RFC 7616, RFC 2617). */
export class DigestGuard {
  /** How often credentials were wrong. */
  failures = 0;
  readonly #options: DigestGuardOptions;
  readonly #nonces = new Map<string, Nonce>();

  constructor(options: DigestGuardOptions) {
    this.#options = options;
  }

  /** Values of the WWW-Authenticate headers of a 401. MD5 goes without its name, as cameras do it. */
  challenges(stale = false): string[] {
    const { algorithms, realm, qop, basic } = this.#options;
    const nonce = this.#issue();
    const digests = algorithms.map((algorithm) =>
      [
        `Digest realm="${realm}"`,
        `nonce="${nonce}"`,
        ...(algorithm === "md5" ? [] : [`algorithm=${algorithm.toUpperCase()}`]),
        ...(qop ? ['qop="auth"'] : []),
        ...(stale ? ["stale=true"] : []),
      ].join(", "),
    );
    return basic ? [...digests, `Basic realm="${realm}"`] : digests;
  }

  /** Judges an Authorization header. */
  check(header: string | undefined, request: { readonly method: string; readonly uri: string }): Verdict {
    return this.judge(header, request).verdict;
  }

  /** As `check`, and says whom the header names. */
  judge(header: string | undefined, request: { readonly method: string; readonly uri: string }): Judgement {
    const judgement = this.#judge(header, request);
    if (judgement.verdict === "denied") this.failures += 1;
    return judgement;
  }

  /** Makes every nonce stale. */
  forget(): void {
    this.#nonces.clear();
  }

  #judge(header: string | undefined, request: { readonly method: string; readonly uri: string }): Judgement {
    if (header === undefined) return { verdict: "missing", username: undefined };
    const [, scheme = "", rest = ""] = /^(\w+)\s+(.*)$/s.exec(header) ?? [];
    switch (scheme.toLowerCase()) {
      case "basic":
        return this.#checkBasic(Buffer.from(rest, "base64").toString());
      case "digest": {
        const given = parameters(rest);
        return { verdict: this.#checkDigest(given, request), username: given.get("username") };
      }
      default:
        return { verdict: "denied", username: undefined };
    }
  }

  #checkBasic(login: string): Judgement {
    const { basic, passwordOf } = this.#options;
    const colon = login.indexOf(":");
    if (colon < 0) return { verdict: "denied", username: undefined };
    const username = login.slice(0, colon);
    return { verdict: basic && passwordOf(username) === login.slice(colon + 1) ? "allowed" : "denied", username };
  }

  #checkDigest(given: ReadonlyMap<string, string>, { method, uri }: { method: string; uri: string }): Verdict {
    const { realm, passwordOf, algorithms, qop } = this.#options;
    const [username = "", nonce = "", nc = "", cnonce = ""] = ["username", "nonce", "nc", "cnonce"].map((name) =>
      given.get(name),
    );
    const password = passwordOf(username);
    const algorithm = algorithms.find((known) => known === (given.get("algorithm") ?? "md5").toLowerCase());
    if (algorithm === undefined || password === undefined) return "denied";
    if ((given.get("qop") === "auth") !== qop || (qop && (nc === "" || cnonce === ""))) return "denied";
    const hash = (...parts: string[]): string =>
      createHash(algorithm.replace("-", "")).update(parts.join(":")).digest("hex");
    const middle = qop ? [nonce, nc, cnonce, "auth"] : [nonce];
    const expected = hash(hash(username, realm, password), ...middle, hash(method, uri));
    if (given.get("response") !== expected) return "denied";
    return this.#spend(nonce, qop ? nc : undefined);
  }

  #issue(): string {
    const [oldest] = this.#nonces.keys();
    if (this.#nonces.size >= maxNonces && oldest !== undefined) this.#nonces.delete(oldest);
    const nonce = randomBytes(16).toString("hex");
    this.#nonces.set(nonce, { issuedAt: Date.now(), counts: new Set() });
    return nonce;
  }

  #spend(name: string, count: string | undefined): Verdict {
    const nonce = this.#nonces.get(name);
    if (nonce === undefined || Date.now() - nonce.issuedAt >= this.#options.nonceLifetimeMs) return "stale";
    if (count === undefined) return "allowed";
    if (nonce.counts.has(count)) return "stale";
    nonce.counts.add(count);
    return "allowed";
  }
}

const parameters = (text: string): Map<string, string> =>
  new Map(
    Array.from(text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g), ([, name = "", quoted, bare]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
    ]),
  );
