/** A packet that a capture holds. */
export interface CapturedPacket {
  /** IANA's number of what it carries: 6 TCP, 17 UDP. */
  readonly protocol: number;
  readonly from: string;
  readonly to: string;
  /** 0 for what has no ports. */
  readonly fromPort: number;
  readonly toPort: number;
  /** Of TCP: where its bytes stand, and its flags. */
  readonly sequence: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export const protocols = { tcp: 6, udp: 17 } as const;
export const tcpFlags = { syn: 0x02, ack: 0x10 } as const;

/** Bytes before the packet, and where among them its protocol is named, for each link type. tcpdump.org/linktypes.html */
const links: Readonly<Record<number, { readonly length: number; readonly type: number }>> = {
  /** Ethernet. */
  1: { length: 14, type: 12 },
  /** Linux "cooked" version 2, as of the interface `any`. */
  276: { length: 20, type: 0 },
};
const magic = 0xa1b2c3d4;

/** The IP packets in a capture as tcpdump writes it, in order. Throws where it is none. */
export const readCapture = (bytes: Buffer): CapturedPacket[] => {
  if (bytes.readUInt32LE(0) !== magic) throw new Error("this is no capture");
  const link = links[bytes.readUInt32LE(20)];
  if (link === undefined) throw new Error(`captures of link type ${bytes.readUInt32LE(20)} are not read here`);
  const packets: CapturedPacket[] = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 8);
    if (length !== bytes.readUInt32LE(at + 12)) throw new Error("the capture has cut its packets");
    const frame = bytes.subarray(at + 16, at + 16 + length);
    const packet = readIp(frame.readUInt16BE(link.type), frame.subarray(link.length));
    if (packet !== undefined) packets.push(packet);
    at += 16 + length;
  }
  return packets;
};

const readIp = (type: number, packet: Buffer): CapturedPacket | undefined => {
  if (type === 0x0800) {
    const address = (at: number): string => packet.subarray(at, at + 4).join(".");
    const ends = { from: address(12), to: address(16) };
    const rest = packet.subarray((packet.readUInt8(0) & 0x0f) * 4, packet.readUInt16BE(2));
    return { ...ends, ...readTransport(packet.readUInt8(9), rest) };
  }
  if (type !== 0x86dd) return undefined;
  const address = (at: number): string => packet.toString("hex", at, at + 16).replace(/(.{4})(?!$)/g, "$1:");
  const rest = packet.subarray(40, 40 + packet.readUInt16BE(4));
  return { from: address(8), to: address(24), ...readTransport(packet.readUInt8(6), rest) };
};

const readTransport = (protocol: number, bytes: Buffer): Omit<CapturedPacket, "from" | "to"> => {
  const none = { fromPort: 0, toPort: 0, sequence: 0, flags: 0 };
  if (protocol !== protocols.tcp && protocol !== protocols.udp) return { protocol, ...none, payload: bytes };
  const ports = { fromPort: bytes.readUInt16BE(0), toPort: bytes.readUInt16BE(2) };
  if (protocol === protocols.udp) return { protocol, ...none, ...ports, payload: bytes.subarray(8) };
  const payload = bytes.subarray((bytes.readUInt8(12) >> 4) * 4);
  return { protocol, ...ports, sequence: bytes.readUInt32BE(4), flags: bytes.readUInt8(13), payload };
};

/** What was said in each direction of each TCP connection, each byte once and in its place. Throws where some is missing. */
export const tcpStreams = (packets: readonly CapturedPacket[]): Map<string, Buffer> => {
  const pieces = new Map<string, CapturedPacket[]>();
  for (const packet of packets) {
    if (packet.protocol !== protocols.tcp) continue;
    const name = `${packet.from}:${packet.fromPort} > ${packet.to}:${packet.toPort}`;
    const all = pieces.get(name);
    if (all === undefined) pieces.set(name, [packet]);
    else all.push(packet);
  }
  return new Map([...pieces].map(([name, all]) => [name, join(name, all)]));
};

const join = (name: string, packets: readonly CapturedPacket[]): Buffer => {
  const first = packets.find(({ flags }) => (flags & tcpFlags.syn) !== 0);
  const start = first === undefined ? (packets[0]?.sequence ?? 0) : first.sequence + 1;
  const placed = packets
    .filter(({ payload }) => payload.length > 0)
    .map(({ sequence, payload }) => ({ at: (sequence - start) | 0, payload }))
    .sort((a, b) => a.at - b.at);
  const parts: Buffer[] = [];
  let length = 0;
  for (const { at, payload } of placed) {
    if (at > length) throw new Error(`${at - length} bytes of ${name} are missing in the capture`);
    const fresh = payload.subarray(length - at);
    parts.push(fresh);
    length += fresh.length;
  }
  return Buffer.concat(parts);
};
