import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { RtpHeader, SrtcpSession, SrtpSession } from "werift";

import { AccessUnitAssembler, annexB, parseRtp, type AccessUnit } from "./access-unit.ts";
import { makeRoom } from "./make-room.ts";

/** AES_CM_128_HMAC_SHA1_80: a 16-byte master key and a 14-byte salt. */
export interface SrtpKey {
  readonly key: Buffer;
  readonly salt: Buffer;
}

/** What SetupEndpoints answered. */
export interface AccessoryEndpoint {
  readonly address: string;
  readonly videoPort: number;
  readonly audioPort: number;
  readonly videoSrtp: SrtpKey;
  readonly audioSrtp: SrtpKey;
  readonly videoSsrc: number;
  readonly audioSsrc: number;
}

export interface SenderReport {
  readonly at: number;
  readonly ntp: bigint;
  readonly rtp: number;
  readonly packets: number;
}

export interface ReceiverOptions {
  readonly socket: Socket;
  readonly endpoint: AccessoryEndpoint;
  /** The key that the controller announced: its reports are made with it. */
  readonly own: SrtpKey;
  /** The SSRC that the controller's reports carry. */
  readonly ownSsrc: number;
  /** Seconds between receiver reports; 0 sends none, as a controller that is gone does. */
  readonly rtcpInterval: number;
}

/** Keeps a long view from filling the memory. */
const keptUnits = 3_000;
/** AES_CM_128_HMAC_SHA1_80 in werift. */
const profile = 1;
const senderReport = 200;
const receiverReport = 201;
const ipv4AndUdp = 28;

export const openUdp = async (address: string): Promise<Socket> => {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  makeRoom(socket);
  return socket;
};

/** One live view's video as the controller receives it: decrypted, checked, counted, put together. */
export class LiveVideo implements Disposable {
  packets = 0;
  bytes = 0;
  /** Packets that failed authentication or could not be read. */
  rejected = 0;
  /** Sequence numbers that never came. */
  lost = 0;
  /** Bytes of the largest IP datagram, headers included. */
  largestDatagram = 0;
  /** `performance.now()` of the first packet. */
  firstPacketAt: number | undefined;
  /** Times that the RTP timestamp stepped back. */
  steppedBack = 0;
  readonly ssrcs = new Set<number>();
  readonly payloadTypes = new Set<number>();
  readonly origins = new Set<string>();
  readonly senderReports: SenderReport[] = [];
  readonly units: AccessUnit[] = [];
  /** Receiver reports sent. */
  reports = 0;
  readonly #options: ReceiverOptions;
  readonly #assembler = new AccessUnitAssembler();
  readonly #srtp: SrtpSession;
  readonly #srtcp: SrtcpSession;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<(unit: AccessUnit) => void>();
  #highest: number | undefined;
  #cycles = 0;
  #timestamp: number | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    const { socket, endpoint, own, rtcpInterval } = options;
    const keys = {
      localMasterKey: own.key,
      localMasterSalt: own.salt,
      remoteMasterKey: endpoint.videoSrtp.key,
      remoteMasterSalt: endpoint.videoSrtp.salt,
    };
    this.#srtp = new SrtpSession({ profile, keys });
    this.#srtcp = new SrtcpSession({ profile, keys });
    socket.on("message", (datagram, from) => {
      this.origins.add(`${from.address}:${from.port}`);
      this.#receive(datagram);
    });
    if (rtcpInterval > 0) {
      this.#report();
      this.#timer = setInterval(() => this.#report(), rtcpInterval * 1_000);
    }
  }

  /** Access units that lost a packet. */
  get damaged(): number {
    return this.#assembler.damaged;
  }

  /** The next `count` access units that arrive from now on. */
  async nextUnits(count: number, withinMs = 25_000): Promise<readonly AccessUnit[]> {
    const units: AccessUnit[] = [];
    const enough = Promise.withResolvers<undefined>();
    const take = (unit: AccessUnit): void => {
      units.push(unit);
      if (units.length >= count) enough.resolve(undefined);
    };
    const late = setTimeout(
      () => enough.reject(new Error(`${units.length} of ${count} access units within ${withinMs} ms`)),
      withinMs,
    );
    this.#waiting.add(take);
    try {
      await enough.promise;
      return units;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(take);
    }
  }

  /** What was received, as a decoder reads it. */
  annexB(): Buffer {
    return annexB(this.units);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#options.socket.removeAllListeners("message");
    this.#options.socket.close();
  }

  #receive(datagram: Buffer): void {
    const now = performance.now();
    this.firstPacketAt ??= now;
    this.largestDatagram = Math.max(this.largestDatagram, datagram.length + ipv4AndUdp);
    try {
      // RFC 5761 4: on a shared port, 192-223 in the second byte is RTCP.
      const kind = datagram.readUInt8(1);
      if (kind >= 192 && kind <= 223) this.#control(this.#srtcp.decrypt(datagram), now);
      else this.#media(this.#srtp.decrypt(datagram), now);
    } catch {
      this.rejected += 1;
    }
  }

  #control(packet: Buffer, now: number): void {
    this.ssrcs.add(packet.readUInt32BE(4));
    if (packet.readUInt8(1) !== senderReport) return;
    this.senderReports.push({
      at: now,
      ntp: packet.readBigUInt64BE(8),
      rtp: packet.readUInt32BE(16),
      packets: packet.readUInt32BE(20),
    });
  }

  #media(bytes: Buffer, now: number): void {
    const packet = parseRtp(bytes);
    this.packets += 1;
    this.bytes += packet.payload.length;
    this.ssrcs.add(packet.ssrc);
    this.payloadTypes.add(packet.payloadType);
    this.#count(packet.sequence);
    if (this.#timestamp !== undefined && ((packet.timestamp - this.#timestamp) | 0) < 0) this.steppedBack += 1;
    this.#timestamp = packet.timestamp;
    const unit = this.#assembler.add(packet, now);
    if (unit === undefined) return;
    this.units.push(unit);
    if (this.units.length > keptUnits) this.units.shift();
    for (const take of [...this.#waiting]) take(unit);
  }

  #count(sequence: number): void {
    if (this.#highest === undefined) {
      this.#highest = sequence;
      return;
    }
    const step = ((sequence - this.#highest) << 16) >> 16;
    if (step <= 0) return;
    this.lost += step - 1;
    if (sequence < this.#highest) this.#cycles += 1;
    this.#highest = sequence;
  }

  #report(): void {
    const { socket, endpoint } = this.#options;
    socket.send(this.#srtcp.encrypt(this.#receiverReport()), endpoint.videoPort, endpoint.address);
    this.reports += 1;
  }

  /** RFC 3550 6.4.2; without a block before anything was received. */
  #receiverReport(): Buffer {
    const { endpoint, ownSsrc } = this.#options;
    const blocks = this.#highest === undefined ? 0 : 1;
    const report = Buffer.alloc(8 + blocks * 24);
    report.writeUInt8(0x80 | blocks, 0);
    report.writeUInt8(receiverReport, 1);
    report.writeUInt16BE(report.length / 4 - 1, 2);
    report.writeUInt32BE(ownSsrc, 4);
    if (this.#highest === undefined) return report;
    report.writeUInt32BE(endpoint.videoSsrc, 8);
    report.writeUIntBE(Math.min(this.lost, 0x7fffff), 13, 3);
    report.writeUInt16BE(this.#cycles & 0xffff, 16);
    report.writeUInt16BE(this.#highest, 18);
    const last = this.senderReports.at(-1);
    if (last !== undefined) {
      report.writeUInt32BE(Number((last.ntp >> 16n) & 0xffffffffn), 24);
      report.writeUInt32BE(Math.round(((performance.now() - last.at) / 1_000) * 65_536), 28);
    }
    return report;
  }
}

/** The sound of a live view: counted and authenticated, not decoded. */
export class LiveSound implements Disposable {
  rejected = 0;
  /** Packets that came, with those that are no longer kept. */
  received = 0;
  readonly ssrcs = new Set<number>();
  readonly packets: { readonly timestamp: number; readonly payload: Buffer; readonly payloadType: number }[] = [];
  readonly #socket: Socket;
  readonly #endpoint: AccessoryEndpoint;
  readonly #srtp: SrtpSession;
  readonly #ownSsrc = randomInt(2 ** 32);

  constructor({ socket, endpoint, own }: Pick<ReceiverOptions, "socket" | "endpoint" | "own">) {
    this.#socket = socket;
    this.#endpoint = endpoint;
    const srtp = new SrtpSession({
      profile,
      keys: {
        localMasterKey: own.key,
        localMasterSalt: own.salt,
        remoteMasterKey: endpoint.audioSrtp.key,
        remoteMasterSalt: endpoint.audioSrtp.salt,
      },
    });
    this.#srtp = srtp;
    socket.on("message", (datagram) => {
      try {
        const kind = datagram.readUInt8(1);
        if (kind >= 192 && kind <= 223) return;
        const { ssrc, timestamp, payload, payloadType } = parseRtp(srtp.decrypt(datagram));
        this.ssrcs.add(ssrc);
        this.received += 1;
        this.packets.push({ timestamp, payload, payloadType });
        if (this.packets.length > keptUnits) this.packets.shift();
      } catch {
        this.rejected += 1;
      }
    });
  }

  /** Says one packet of sound to the camera. */
  async say(
    payload: Buffer,
    { sequence, timestamp }: { readonly sequence: number; readonly timestamp: number },
  ): Promise<void> {
    const header = new RtpHeader({ sequenceNumber: sequence, timestamp, ssrc: this.#ownSsrc, payloadType: 110 });
    const { address, audioPort } = this.#endpoint;
    const sent = Promise.withResolvers<undefined>();
    this.#socket.send(this.#srtp.encrypt(payload, header), audioPort, address, (error) =>
      error === null ? sent.resolve(undefined) : sent.reject(error),
    );
    await sent.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.removeAllListeners("message");
    this.#socket.close();
  }
}
