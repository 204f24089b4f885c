import { GatehouseError } from "@gatehouse/shared";

import { payloadTypes, type MikeyKey, type MikeyMessage, type MikeySession } from "./mikey-message.ts";

const malformed = (why: string): GatehouseError =>
  new GatehouseError("camera-answer-malformed", `the camera's key message is not valid MIKEY: ${why}`);

const unsupported = (what: string): GatehouseError =>
  new GatehouseError(
    "camera-fault",
    `the camera sends the keys of its stream ${what}, which the gateway does not know`,
    {
      remedy: "Switch SRTP off in the camera: inside RTSPS its stream is encrypted without it, too.",
    },
  );

/** Reads bytes in order and never past their end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(size: number): Buffer {
    if (size > this.left) throw malformed("it ends too early");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  number(size: 1 | 2 | 4): number {
    return this.take(size).readUIntBE(0, size);
  }
}

interface Draft extends MikeyMessage {
  readonly sessions: MikeySession[];
  readonly policies: Map<number, ReadonlyMap<number, Buffer>>;
  readonly keys: MikeyKey[];
}

/**
 * Reads an initiator's message whose keys are not encrypted by themselves: it must have come inside TLS.
 * @throws GatehouseError `camera-answer-malformed`; `camera-fault` where the keys are sent in another way
 */
export const parseMikey = (bytes: Buffer): MikeyMessage => {
  const reader = new Reader(bytes);
  if (reader.number(1) !== 1) throw malformed("it is of another version");
  if (reader.number(1) !== 0) throw unsupported("by another method than a message to take or leave");
  let next = reader.number(1);
  // Whether an answer is wanted, and a function that only keys drawn from others need.
  reader.take(1);
  const bundle = reader.number(4);
  const draft: Draft = { bundle, sessions: [], policies: new Map(), keys: [] };
  readSessions(reader, draft);
  while (next !== payloadTypes.last) {
    const type = next;
    next = reader.number(1);
    readPayload(type, reader, draft);
  }
  return draft;
};

/** RFC 3830 6.1.1 */
const readSessions = (reader: Reader, { sessions }: Draft): void => {
  const count = reader.number(1);
  if (reader.number(1) !== 0) throw malformed("its sessions are not SRTP's");
  for (let session = 0; session < count; session += 1) {
    sessions.push({ policy: reader.number(1), ssrc: reader.number(4), rollover: reader.number(4) });
  }
};

/** What follows a payload's first byte. */
const readPayload = (type: number, reader: Reader, draft: Draft): void => {
  switch (type) {
    case payloadTypes.keys:
      readKeys(reader, draft);
      break;
    case payloadTypes.policy:
      readPolicy(reader, draft);
      break;
    case payloadTypes.time:
      // RFC 3830 6.6: NTP times have eight bytes, a counter four. What TLS brings is not a replay.
      reader.take(reader.number(1) === 2 ? 4 : 8);
      break;
    case payloadTypes.random:
      reader.take(reader.number(1));
      break;
    case payloadTypes.verification:
      reader.take(reader.number(1) === 0 ? 0 : 20);
      break;
    case payloadTypes.id:
    case payloadTypes.certificate:
    case payloadTypes.extension:
      reader.take(1);
      reader.take(reader.number(2));
      break;
    default:
      // Nothing says how long it is.
      throw unsupported(`with a payload of type ${type}`);
  }
};

/** RFC 3830 6.10 */
const readPolicy = (reader: Reader, { policies }: Draft): void => {
  const number = reader.number(1);
  if (reader.number(1) !== 0) throw malformed("it holds a policy that is not SRTP's");
  const content = new Reader(reader.take(reader.number(2)));
  const parameters = new Map<number, Buffer>();
  while (content.left > 0) {
    const type = content.number(1);
    parameters.set(type, content.take(content.number(1)));
  }
  policies.set(number, parameters);
};

/** RFC 3830 6.2 */
const readKeys = (reader: Reader, { keys }: Draft): void => {
  if (reader.number(1) !== 0) throw unsupported("encrypted with a key shared beforehand");
  const content = new Reader(reader.take(reader.number(2)));
  // Nobody shares a key to check it with; TLS has authenticated it.
  reader.take(reader.number(1) === 0 ? 0 : 20);
  let next: number;
  do {
    next = content.number(1);
    keys.push(readKey(content));
  } while (next !== payloadTypes.last);
};

/** RFC 3830 6.13, after its first byte. */
const readKey = (content: Reader): MikeyKey => {
  const kinds = content.number(1);
  const [type, validity] = [kinds >> 4, kinds & 0x0f];
  if (type > 3) throw malformed("it holds a key of an unknown kind");
  const key = content.take(content.number(2));
  const salt = type % 2 === 1 ? content.take(content.number(2)) : Buffer.alloc(0);
  const mki = validity === 1 ? content.take(content.number(1)) : Buffer.alloc(0);
  if (validity === 2) {
    // From and to which packet it holds: a new one is told in time, so this need not be watched.
    content.take(content.number(1));
    content.take(content.number(1));
  } else if (validity > 2) throw malformed("it holds a key of unknown validity");
  return { kind: type < 2 ? "tgk" : "tek", key, salt, mki };
};
