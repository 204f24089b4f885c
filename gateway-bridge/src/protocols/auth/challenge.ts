/** One way to log in that a server offers. */
export interface Challenge {
  /** Lower-case: `digest`, `basic`. */
  readonly scheme: string;
  /** By lower-case name; values without their quotes. The first of several with one name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxChallenges = 16;
const maxParameters = 64;

const isToken = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code));

/** Control characters of ASCII except the tab. Those above are bytes of UTF-8 texts. */
const control = /(?!\t)[\p{ASCII}&&\p{Cc}]/v;

/** Steps through one header's text; every step moves on or ends. */
class HeaderCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Passes blanks and the given separator; true if there was one of the latter. */
  skip(separator: string): boolean {
    let found = false;
    for (; !this.ended; this.#at += 1) {
      const char = this.#text.charAt(this.#at);
      if (char === separator) found = true;
      else if (char !== " " && char !== "\t") break;
    }
    return found;
  }

  token(): string {
    const from = this.#at;
    while (!this.ended && isToken(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#text.slice(from, this.#at);
  }

  /** Passes one character. */
  drop(): void {
    this.#at += 1;
  }

  value(): string {
    return this.#text.charAt(this.#at) === '"' ? this.#quoted() : this.#bare();
  }

  // RFC 9110 5.6.4; one without its end reaches to the end of the header.
  #quoted(): string {
    let value = "";
    for (this.#at += 1; !this.ended; this.#at += 1) {
      const char = this.#text.charAt(this.#at);
      if (char === '"') {
        this.#at += 1;
        break;
      }
      if (char === "\\") this.#at += 1;
      value += this.#text.charAt(this.#at);
    }
    return value;
  }

  /** Wider than a token: base64 and the like stand unquoted too. */
  #bare(): string {
    const from = this.#at;
    while (!this.ended && !", \t;".includes(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.slice(from, this.#at);
  }
}

const parseHeader = (header: string, challenges: Challenge[]): void => {
  const cursor = new HeaderCursor(header);
  let parameters: Map<string, string> | undefined;
  // A scheme stands at the start or after a comma: a stray word elsewhere is part of a value that lacks its quotes.
  let mayBegin = true;
  for (;;) {
    if (cursor.skip(",")) mayBegin = true;
    if (cursor.ended) return;
    const name = cursor.token().toLowerCase();
    const assigned = cursor.skip("=");
    if (assigned) {
      const value = cursor.value();
      if (parameters !== undefined && name !== "" && !parameters.has(name) && parameters.size < maxParameters) {
        parameters.set(name, value);
      }
    } else if (name !== "" && mayBegin) {
      if (challenges.length >= maxChallenges) return;
      parameters = new Map();
      challenges.push({ scheme: name, parameters });
    } else if (name === "") cursor.drop();
    mayBegin = false;
  }
};

/**
 * The challenges of all WWW-Authenticate headers of one answer, in their order. RFC 9110 11.6.1, and what cameras make of it.
 * A header with control characters holds none. Never throws.
 */
export const parseChallenges = (headers: readonly string[]): readonly Challenge[] => {
  const challenges: Challenge[] = [];
  for (const header of headers) {
    if (!control.test(header)) parseHeader(header, challenges);
  }
  return challenges;
};
