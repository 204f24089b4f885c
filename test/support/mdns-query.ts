/**
 * Asks by multicast DNS, as a program that is no responder itself does (RFC 6762 6.7), and prints the records of the answer:
 *
 *   node test/support/mdns-query.ts ADDRESS NAME TYPE
 *
 * ADDRESS is of the interface to ask on. Asks again each second, until there is an answer.
 */
import { createSocket } from "node:dgram";

export interface MdnsRecord {
  readonly name: string;
  readonly type: number;
  /** A name, an address, `port name` or the texts, by type. */
  readonly value: string;
}

const types = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const;

export const encodeQuery = (name: string, type: keyof typeof types): Buffer => {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const head = Buffer.from([0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, Buffer.of(0, 0, types[type], 0, 1)]);
};

/** Every record of an answer. RFC 1035 4.1 */
export const decodeRecords = (packet: Buffer): MdnsRecord[] => {
  let at = 12;
  const nameAt = (start: number): { readonly name: string; readonly end: number } => {
    const labels: string[] = [];
    let [here, end] = [start, 0];
    for (;;) {
      const length = packet.readUInt8(here);
      if (length >= 0xc0) {
        end ||= here + 2;
        here = packet.readUInt16BE(here) & 0x3fff;
      } else if (length === 0) {
        return { name: labels.join("."), end: end || here + 1 };
      } else {
        labels.push(packet.toString("utf8", here + 1, here + 1 + length));
        here += 1 + length;
      }
    }
  };
  const valueOf = (type: number, start: number, length: number): string => {
    if (type === types.PTR) return nameAt(start).name;
    if (type === types.SRV) return `${packet.readUInt16BE(start + 4)} ${nameAt(start + 6).name}`;
    if (type === types.A) return [...packet.subarray(start, start + 4)].join(".");
    if (type !== types.TXT) return packet.toString("hex", start, start + length);
    const texts: string[] = [];
    for (let here = start; here < start + length; here += 1 + packet.readUInt8(here)) {
      texts.push(packet.toString("utf8", here + 1, here + 1 + packet.readUInt8(here)));
    }
    return texts.join("\n");
  };
  for (let questions = packet.readUInt16BE(4); questions > 0; questions -= 1) at = nameAt(at).end + 4;
  const count = packet.readUInt16BE(6) + packet.readUInt16BE(8) + packet.readUInt16BE(10);
  return Array.from({ length: count }, () => {
    const { name, end } = nameAt(at);
    const [type, length] = [packet.readUInt16BE(end), packet.readUInt16BE(end + 8)];
    at = end + 10 + length;
    return { name, type, value: valueOf(type, end + 10, length) };
  });
};

if (import.meta.main) {
  const [address = "", name = "", type = "PTR"] = process.argv.slice(2);
  const socket = createSocket("udp4");
  const ask = (): void => socket.send(encodeQuery(name, type as keyof typeof types), 5353, "224.0.0.251");
  socket.bind(0, address, () => {
    socket.setMulticastInterface(address);
    ask();
    const again = setInterval(ask, 1_000);
    socket.once("message", (packet) => {
      clearInterval(again);
      process.stdout.write(JSON.stringify(decodeRecords(packet)));
      socket.close();
    });
  });
}
