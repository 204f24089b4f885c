import { randomBytes, randomInt } from "node:crypto";
import type { Socket } from "node:dgram";
import { RtpHeader, SrtcpSession, SrtpSession } from "werift";

import type { PreparedHomeKitSession, PrepareHomeKitSession, StartHomeKitSession } from "@gatehouse/shared";

import { LiveSound, LiveVideo, openUdp, type AccessoryEndpoint, type SrtpKey } from "./homekit-live-video.ts";

export interface ReceiverNeeds {
  readonly address?: string;
  /** The local end of the HAP connection; the same address unless told. */
  readonly localAddress?: string | undefined;
  readonly audio?: boolean;
}

const drawKey = (): SrtpKey => ({ key: randomBytes(16), salt: randomBytes(14) });
const toText = ({ key, salt }: SrtpKey) => ({ key: key.toString("base64"), salt: salt.toString("base64") });
const fromText = ({ key, salt }: { key: string; salt: string }): SrtpKey => ({
  key: Buffer.from(key, "base64"),
  salt: Buffer.from(salt, "base64"),
});

/** What a controller selects, as iOS does on a LAN. */
export const makeStart = (
  video: Partial<StartHomeKitSession["video"]> = {},
  audio: Partial<NonNullable<StartHomeKitSession["audio"]>> | null = null,
): StartHomeKitSession => ({
  video: {
    payloadType: 99,
    maxBitrateKbps: 2_000,
    rtcpInterval: 0.5,
    mtu: 1_378,
    width: 1280,
    height: 720,
    fps: 30,
    ...video,
  },
  audio: audio === null ? null : { payloadType: 110, sampleRate: 16_000, packetTime: 20, rtcpInterval: 5, ...audio },
});

/** A HomeKit controller's media side with no HAP: it reports when it is told to. SRTP and SRTCP are werift's. */
export class HomeKitReceiver implements Disposable {
  readonly #address: string;
  readonly #localAddress: string | undefined;
  readonly #socket: Socket;
  readonly #soundSocket: Socket | undefined;
  readonly #own = drawKey();
  readonly #ssrc = randomInt(2 ** 32);
  #reports: SrtcpSession | undefined;
  #prepared: PreparedHomeKitSession | undefined;
  #video: LiveVideo | undefined;
  #sound: LiveSound | undefined;
  #speech: SrtpSession | undefined;

  private constructor(needs: ReceiverNeeds, socket: Socket, soundSocket: Socket | undefined) {
    const { address = "127.0.0.1" } = needs;
    this.#address = address;
    this.#localAddress = "localAddress" in needs ? needs.localAddress : address;
    this.#socket = socket;
    this.#soundSocket = soundSocket;
  }

  static async open(needs: ReceiverNeeds = {}): Promise<HomeKitReceiver> {
    const { address = "127.0.0.1", audio = false } = needs;
    return new HomeKitReceiver(needs, await openUdp(address), audio ? await openUdp(address) : undefined);
  }

  /** What its plugin would ask the gateway for. */
  get request(): PrepareHomeKitSession {
    const sound = this.#soundSocket;
    return {
      viewer: {
        address: this.#address,
        videoPort: this.#socket.address().port,
        videoSrtp: toText(this.#own),
        ...(sound === undefined ? {} : { audioPort: sound.address().port, audioSrtp: toText(this.#own) }),
      },
      ...(this.#localAddress === undefined ? {} : { localAddress: this.#localAddress }),
    };
  }

  /** Where the picture comes in. */
  get socket(): Socket {
    return this.#socket;
  }

  get video(): LiveVideo {
    if (this.#video === undefined) throw new Error("nothing was prepared");
    return this.#video;
  }

  get sound(): LiveSound {
    if (this.#sound === undefined) throw new Error("there is no sound");
    return this.#sound;
  }

  /** Listens with the keys that the gateway chose. */
  listen(prepared: PreparedHomeKitSession): void {
    const videoSrtp = fromText(prepared.video.srtp);
    const endpoint: AccessoryEndpoint = {
      address: prepared.address,
      videoPort: prepared.video.port,
      audioPort: prepared.audio?.port ?? 0,
      videoSrtp,
      audioSrtp: prepared.audio === null ? videoSrtp : fromText(prepared.audio.srtp),
      videoSsrc: prepared.video.ssrc,
      audioSsrc: prepared.audio?.ssrc ?? 0,
    };
    this.#prepared = prepared;
    this.#reports = this.#session(this.#own);
    const own = this.#own;
    this.#video = new LiveVideo({ socket: this.#socket, endpoint, own, ownSsrc: this.#ssrc, rtcpInterval: 0 });
    if (this.#soundSocket !== undefined && prepared.audio !== null) {
      this.#sound = new LiveSound({ socket: this.#soundSocket, endpoint, own });
    }
  }

  /** A receiver report, as it goes on the wire. */
  report(key?: SrtpKey): Buffer {
    const report = Buffer.from("80c9000100000000", "hex");
    report.writeUInt32BE(this.#ssrc, 4);
    return this.#encrypt(report, key);
  }

  /** A receiver report and a goodbye. */
  goodbye(): Buffer {
    const compound = Buffer.from("80c900010000000081cb000100000000", "hex");
    compound.writeUInt32BE(this.#ssrc, 4);
    compound.writeUInt32BE(this.#ssrc, 12);
    return this.#encrypt(compound);
  }

  /** Says one packet of sound to the camera; `under` another key, it is a stranger's. */
  async speak(
    payload: Buffer,
    { sequence, timestamp, payloadType = 110 }: { sequence: number; timestamp: number; payloadType?: number },
    under: SrtpKey = this.#own,
  ): Promise<void> {
    const { key, salt } = under;
    const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt };
    const session = (under === this.#own ? this.#speech : undefined) ?? new SrtpSession({ profile: 1, keys });
    if (under === this.#own) this.#speech = session;
    const header = new RtpHeader({ sequenceNumber: sequence, timestamp, ssrc: this.#ssrc, payloadType });
    const { address = "", audio } = this.#prepared ?? {};
    const sent = Promise.withResolvers<undefined>();
    this.#soundSocket?.send(session.encrypt(payload, header), audio?.port ?? 0, address, (error) =>
      error === null ? sent.resolve(undefined) : sent.reject(error),
    );
    await sent.promise;
  }

  /** Sends to where the video comes from, from where it goes to, or from another socket. */
  async send(datagram: Buffer, from: Socket = this.#socket): Promise<void> {
    const { video, address } = this.#prepared ?? { video: { port: 0 }, address: "" };
    const sent = Promise.withResolvers<undefined>();
    from.send(datagram, video.port, address, (error) =>
      error === null ? sent.resolve(undefined) : sent.reject(error),
    );
    await sent.promise;
  }

  [Symbol.dispose](): void {
    if (this.#video === undefined) this.#socket.close();
    this.#video?.[Symbol.dispose]();
    if (this.#sound === undefined) this.#soundSocket?.close();
    this.#sound?.[Symbol.dispose]();
  }

  #encrypt(compound: Buffer, key?: SrtpKey): Buffer {
    const session = key === undefined ? this.#reports : this.#session(key);
    if (session === undefined) throw new Error("nothing was prepared");
    return session.encrypt(compound);
  }

  #session({ key, salt }: SrtpKey): SrtcpSession {
    const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt };
    return new SrtcpSession({ profile: 1, keys });
  }
}
