/** What arrives on an RTSP connection: requests, and binary data on interleaved channels (RFC 2326 10.12). */
export type Arrival =
  | { readonly kind: "request"; readonly request: RtspRequest }
  | { readonly kind: "interleaved"; readonly channel: number; readonly data: Buffer };

export interface RtspRequest {
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

const maxRequest = 16_384;

/** Cuts a connection's bytes into requests and interleaved frames. */
export class ArrivalReader {
  #pending: Buffer = Buffer.alloc(0);

  /** @throws Error when the bytes are no RTSP or a request is too long */
  read(chunk: Buffer): Arrival[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const arrivals: Arrival[] = [];
    for (;;) {
      const arrival = this.#pending[0] === 0x24 ? this.#frame() : this.#request();
      if (arrival === undefined) return arrivals;
      arrivals.push(arrival);
    }
  }

  #frame(): Arrival | undefined {
    if (this.#pending.length < 4) return undefined;
    const data = this.#take(4, this.#pending.readUInt16BE(2));
    return data === undefined ? undefined : { kind: "interleaved", channel: data[1] ?? 0, data: data.subarray(4) };
  }

  #request(): Arrival | undefined {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#pending.length > maxRequest) throw new Error("request too long");
      return undefined;
    }
    const [first = "", ...lines] = this.#pending.toString("latin1", 0, end).trimStart().split("\r\n");
    const [, method, url] = /^([A-Z_]+) (\S+) RTSP\/1\.0$/.exec(first) ?? [];
    if (method === undefined || url === undefined) throw new Error("no RTSP request");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers.get("content-length") ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > maxRequest) throw new Error("body too long");
    return this.#take(end + 4, length) && { kind: "request", request: { method, url, headers } };
  }

  /** Takes head and body out of the pending bytes once both are there. */
  #take(head: number, body: number): Buffer | undefined {
    if (this.#pending.length < head + body) return undefined;
    const taken = this.#pending.subarray(0, head + body);
    this.#pending = this.#pending.subarray(head + body);
    return taken;
  }
}
