import type { CameraCore } from "./camera-core.ts";

/** One BER value (X.690 8.1) of less than 128 bytes. */
const ber = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const whole = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag, whole.length), whole]);
};

interface Value {
  readonly tag: number;
  readonly content: Buffer;
  readonly rest: Buffer;
}

const readBer = (bytes: Buffer): Value | undefined => {
  const [tag, length] = bytes;
  if (tag === undefined || length === undefined || length > 127 || bytes.length < 2 + length) return undefined;
  return { tag, content: bytes.subarray(2, 2 + length), rest: bytes.subarray(2 + length) };
};

const getRequest = 0xa0;
const getResponse = 0xa2;
/** 1.3.6.1.2.1.1: system. */
const system = Buffer.from("2b06010201", "hex");
const sysDescr = Buffer.from("2b060102010101" + "00", "hex");

/** What SNMP (RFC 1157, RFC 3416) says of the system to whoever knows the word `public`: its description. */
export const answerSnmp = ({ face, state }: CameraCore, datagram: Buffer): Buffer | undefined => {
  const message = readBer(datagram);
  const version = message === undefined ? undefined : readBer(message.content);
  const community = version === undefined ? undefined : readBer(version.rest);
  const pdu = community === undefined ? undefined : readBer(community.rest);
  if (version?.content.length !== 1 || community?.content.toString() !== "public") return undefined;
  if (pdu?.tag !== getRequest && pdu?.tag !== 0xa1) return undefined;
  const id = readBer(pdu.content);
  if (id === undefined || !pdu.content.includes(system)) return undefined;
  const description = Buffer.from(`Linux ${face.manufacturer} ${state.identity.model}`.slice(0, 60));
  const binding = ber(0x30, ber(0x06, sysDescr), ber(0x04, description));
  const zero = ber(0x02, Buffer.of(0));
  const answer = ber(getResponse, ber(0x02, id.content), zero, zero, ber(0x30, binding));
  return ber(0x30, ber(0x02, version.content), ber(0x04, community.content), answer);
};
