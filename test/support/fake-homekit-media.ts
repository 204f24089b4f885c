import { randomBytes, randomInt } from "node:crypto";
import type { Socket } from "node:dgram";
import { SrtcpSession, SrtpSession, RtpHeader } from "werift";

import {
  SessionId,
  type PreparedHomeKitSession,
  type PrepareHomeKitSession,
  type StartHomeKitSession,
} from "@gatehouse/shared";

import { openUdp, type SrtpKey } from "./homekit-live-video.ts";

/** One session that a client asked the fake for. */
export interface FakeSession {
  readonly id: SessionId;
  readonly camera: string;
  readonly prepare: PrepareHomeKitSession;
  readonly prepared: PreparedHomeKitSession;
  start?: StartHomeKitSession;
  ended: boolean;
  /** Receiver reports that came and were authentic. */
  reports: number;
  readonly socket: Socket;
}

const profile = 1;
const key = (): SrtpKey => ({ key: randomBytes(16), salt: randomBytes(14) });
const base64 = ({ key, salt }: SrtpKey): { key: string; salt: string } => ({
  key: key.toString("base64"),
  salt: salt.toString("base64"),
});

/** The media half of a fake gateway: real keys, sockets and SRTP, and a picture that is only NAL headers. */
export class FakeHomeKitMedia implements Disposable {
  readonly sessions: FakeSession[] = [];
  readonly #keys = new Map<SessionId, SrtpKey>();

  async prepare(camera: string, body: PrepareHomeKitSession): Promise<PreparedHomeKitSession> {
    const socket = await openUdp("127.0.0.1");
    const video = key();
    const alphabet = "abcdefghijklmnop";
    const id = SessionId.parse(`ses-${Array.from({ length: 16 }, () => alphabet[randomInt(16)]).join("")}`);
    const prepared: PreparedHomeKitSession = {
      id,
      address: "127.0.0.1",
      video: { port: socket.address().port, ssrc: randomInt(2 ** 31, 2 ** 32), srtp: base64(video) },
      audio: null,
    };
    const session: FakeSession = { id, camera, prepare: body, prepared, ended: false, reports: 0, socket };
    this.#keys.set(id, video);
    this.sessions.push(session);
    return prepared;
  }

  /** Sends `pictures` pictures, the first a keyframe, and one sender report. */
  start(id: SessionId, body: StartHomeKitSession, pictures = 5): void {
    const session = this.find(id);
    session.start = body;
    const { srtp, srtcp } = this.#cipher(session);
    const { viewer } = session.prepare;
    const { ssrc } = session.prepared.video;
    const send = (packet: Buffer): void => session.socket.send(packet, viewer.videoPort, viewer.address);
    session.socket.on("message", (datagram) => {
      srtcp.decrypt(datagram);
      session.reports += 1;
    });
    let sequenceNumber = 65_530;
    for (let picture = 0; picture < pictures; picture += 1) {
      const payloads = picture === 0 ? keyframe() : [slice(1)];
      payloads.forEach((payload, index) => {
        const header = new RtpHeader({
          version: 2,
          ssrc,
          payloadType: body.video.payloadType,
          sequenceNumber,
          timestamp: (4_294_960_000 + picture * 3_000) >>> 0,
          marker: index === payloads.length - 1,
        });
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        send(srtp.encrypt(payload, header));
      });
    }
    send(srtcp.encrypt(senderReport(ssrc)));
  }

  end(id: SessionId): void {
    this.find(id).ended = true;
  }

  find(id: SessionId): FakeSession {
    const session = this.sessions.find((one) => one.id === id);
    if (session === undefined) throw new Error(`no session ${id}`);
    return session;
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.sessions) socket.close();
  }

  #cipher({ id, prepare }: FakeSession): { srtp: SrtpSession; srtcp: SrtcpSession } {
    const own = this.#keys.get(id);
    if (own === undefined) throw new Error(`no key for ${id}`);
    const { videoSrtp } = prepare.viewer;
    const keys = {
      localMasterKey: own.key,
      localMasterSalt: own.salt,
      remoteMasterKey: Buffer.from(videoSrtp.key, "base64"),
      remoteMasterSalt: Buffer.from(videoSrtp.salt, "base64"),
    };
    return { srtp: new SrtpSession({ profile, keys }), srtcp: new SrtcpSession({ profile, keys }) };
  }
}

const slice = (type: number): Buffer => Buffer.from([0x60 | type, 0x88, 0x80, 0x40]);

/** SPS and PPS in a STAP-A, then an IDR slice in two FU-A (RFC 6184 5.7.1, 5.8). */
const keyframe = (): Buffer[] => [
  Buffer.from([0x78, 0, 3, 0x67, 0x42, 0x1f, 0, 2, 0x68, 0xce]),
  Buffer.from([0x7c, 0x85, 1, 2, 3]),
  Buffer.from([0x7c, 0x45, 4, 5]),
];

const senderReport = (ssrc: number): Buffer => {
  const report = Buffer.alloc(28);
  report.writeUInt16BE(0x80c8, 0);
  report.writeUInt16BE(6, 2);
  report.writeUInt32BE(ssrc, 4);
  return report;
};
