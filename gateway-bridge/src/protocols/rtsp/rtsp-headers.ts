/** The headers of one message: names in lower case, values trimmed, in their order. */
export class RtspHeaders {
  readonly #values = new Map<string, string[]>();

  /** @throws nothing; lines without a colon are passed over */
  static parse(lines: readonly string[]): RtspHeaders {
    const headers = new RtspHeaders();
    let last: string[] | undefined;
    for (const line of lines) {
      // RFC 2326 15.1: a line that begins with a blank goes on with the one before.
      if (/^[ \t]/.test(line)) {
        if (last !== undefined) last.push(`${last.pop() ?? ""} ${line.trim()}`.trim());
        continue;
      }
      const colon = line.indexOf(":");
      last =
        colon < 0 ? undefined : headers.#add(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    return headers;
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** Every value of that name. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  #add(name: string, value: string): string[] {
    const values = this.#values.get(name) ?? [];
    values.push(value);
    this.#values.set(name, values);
    return values;
  }
}
