import { isIPv4 } from "node:net";

/** Whether a router offers the Port Control Protocol, by the one question of RFC 6887 that changes nothing there. */
export type PcpAnswer = "on" | "off";

export const pcpPort = 5351;

const version = 2;
const announce = 0;
const answerBit = 0x80;
const headerBytes = 24;
/** RFC 6887 7.4 */
const results = { unsupportedVersion: 1, notAuthorized: 2 } as const;

/**
 * RFC 6887 7.1 and 14.1: ANNOUNCE, lifetime 0. This program can write no other opcode.
 * @param from the own IPv4 address that it leaves by
 */
export const announceRequest = (from: string): Buffer => {
  const request = Buffer.alloc(headerBytes);
  request[0] = version;
  request[1] = announce;
  // IPv4 within IPv6: ::ffff:a.b.c.d
  request.fill(0xff, 18, 20);
  if (isIPv4(from)) Buffer.from(from.split(".").map(Number)).copy(request, 20);
  return request;
};

/** Undefined for what is no answer to that question. A server that does not know ANNOUNCE is one all the same. */
export const readAnnounceAnswer = (datagram: Buffer): PcpAnswer | undefined => {
  if (datagram.length < headerBytes || datagram[0] !== version || datagram[1] !== (announce | answerBit)) {
    return undefined;
  }
  const result = datagram[3];
  if (result === results.unsupportedVersion) return undefined;
  return result === results.notAuthorized ? "off" : "on";
};
