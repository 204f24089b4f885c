import type { Duplex, Readable, Writable } from "node:stream";
import type { ZodType } from "zod";

import { onAbort, type Cancellable } from "../kernel/abort.ts";
import { GatehouseError, isError } from "../kernel/errors.ts";

/** Longest frame, in bytes of JSON: to and from devices, and between a gateway and its relay. */
export const frameLimits = { device: 1_024, tunnel: 32_768 } as const;

/** A message as it travels: its length in 2 bytes, big-endian, then JSON. */
export const encodeFrame = (message: unknown): Buffer => {
  const json = Buffer.from(JSON.stringify(message), "utf8");
  if (json.length > 0xff_ff) throw new RangeError(`a frame of ${json.length} bytes`);
  const frame = Buffer.allocUnsafe(2 + json.length);
  frame.writeUInt16BE(json.length);
  json.copy(frame, 2);
  return frame;
};

export const writeFrame = (stream: Writable, message: unknown): void => void stream.write(encodeFrame(message));

export interface FrameOptions extends Cancellable {
  /** Longest frame that is taken, in bytes. */
  readonly limit: number;
}

/**
 * The next frame of a stream that nobody else reads. Not a byte behind it is taken: it is whoever's reads next.
 * @throws GatehouseError `relay-answer-malformed`, `relay-unreachable` where the stream ends, or the signal's reason
 */
export const readFrame = async <T>(
  stream: Duplex | Readable,
  schema: ZodType<T>,
  { limit, signal }: FrameOptions,
): Promise<T> => {
  const length = (await readExactly(stream, 2, { signal })).readUInt16BE();
  if (length === 0 || length > limit) throw malformed(`a frame of ${length} bytes`);
  const parsed = schema.safeParse(parseJson(await readExactly(stream, length, { signal })));
  // What it says instead stays out: it may hold a secret that was sent to the wrong place.
  if (!parsed.success) throw malformed("a frame of another kind");
  return parsed.data;
};

const readExactly = async (stream: Readable, bytes: number, { signal }: Cancellable): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for (let missing = bytes; ;) {
    signal.throwIfAborted();
    // All that is there is taken, up to what is missing: with some left, a stream calls itself readable without end.
    const part = stream.read(Math.min(missing, stream.readableLength)) as Buffer | null;
    if (part !== null) parts.push(part);
    missing -= part?.length ?? 0;
    if (missing === 0) return Buffer.concat(parts);
    if (stream.readableLength > 0) continue;
    if (stream.readableEnded || stream.destroyed || stream.errored !== null) throw ended(stream.errored);
    await untilReadable(stream, { signal });
  }
};

/** Resolves when there may be something to read, or nothing will be any more. Takes nothing. */
export const untilReadable = (stream: Readable, { signal }: Cancellable): Promise<void> =>
  new Promise((resolve, reject) => {
    const events = ["readable", "end", "close", "error"] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      abort[Symbol.dispose]();
      resolve();
    };
    const abort = onAbort(signal, (reason) => {
      for (const event of events) stream.off(event, done);
      reject(isError(reason) ? reason : new Error(String(reason)));
    });
    for (const event of events) stream.on(event, done);
  });

const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

const malformed = (what: string): GatehouseError =>
  new GatehouseError("relay-answer-malformed", `the other side sent ${what}`);

const ended = (cause: Error | null): GatehouseError =>
  new GatehouseError(
    "relay-unreachable",
    "the connection ended before the answer came",
    cause === null ? {} : { cause },
  );
