import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Socket } from "node:dgram";

import type { HomeKitController, StreamSlot } from "./homekit-controller.ts";
import { HomeKitError } from "./homekit-error.ts";
import { LiveSound, LiveVideo, openUdp, type AccessoryEndpoint } from "./homekit-live-video.ts";
import { encodeTlv, f32, u16, u32, u8 } from "./tlv8.ts";

export interface LiveOptions {
  /** Which of the camera's slots; left out, the first that is free. */
  readonly slot?: number;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  readonly mtu?: number;
  readonly maxBitrateKbps?: number;
  /** Seconds. */
  readonly rtcpInterval?: number;
  /** False: never sends a receiver report, as a viewer that was cut off. */
  readonly reports?: boolean;
  /** Where the controller receives. */
  readonly address?: string;
}

const closing = (error: unknown, ...sockets: readonly Socket[]): never => {
  for (const socket of sockets) socket.close();
  throw error;
};

const command = { end: 0, start: 1, reconfigure: 4 } as const;
const payloadType = { video: 99, sound: 110 } as const;

/** A live view that the accessory agreed to start. */
export class LiveView implements AsyncDisposable {
  readonly endpoint: AccessoryEndpoint;
  readonly video: LiveVideo;
  readonly sound: LiveSound;
  /** `performance.now()` just before the start was written. */
  startedAt = 0;
  /** Milliseconds from the start being written until it was acknowledged. */
  acknowledgedMs = 0;
  readonly #controller: HomeKitController;
  readonly #slot: StreamSlot;
  readonly #session: Buffer;

  private constructor(given: {
    readonly controller: HomeKitController;
    readonly slot: StreamSlot;
    readonly session: Buffer;
    readonly endpoint: AccessoryEndpoint;
    readonly video: LiveVideo;
    readonly sound: LiveSound;
  }) {
    this.#controller = given.controller;
    this.#slot = given.slot;
    this.#session = given.session;
    this.endpoint = given.endpoint;
    this.video = given.video;
    this.sound = given.sound;
  }

  static async open(controller: HomeKitController, slot: StreamSlot, options: LiveOptions): Promise<LiveView> {
    const { address = "127.0.0.1", rtcpInterval = 0.5, reports = true } = options;
    const [socket, soundSocket] = [await openUdp(address), await openUdp(address)];
    const own = { key: randomBytes(16), salt: randomBytes(14) };
    const session = Buffer.from(randomUUID().replaceAll("-", ""), "hex");
    const ports = { videoPort: socket.address().port, audioPort: soundSocket.address().port };
    const { status, endpoint } = await controller
      .setupEndpoints(slot, { session, address, srtp: own, ...ports })
      .catch((error: unknown) => closing(error, socket, soundSocket));
    if (endpoint === undefined) return closing(new HomeKitError("SetupEndpoints", status), socket, soundSocket);
    const ownSsrc = randomInt(2 ** 32);
    const interval = reports ? rtcpInterval : 0;
    const video = new LiveVideo({ socket, endpoint, own, ownSsrc, rtcpInterval: interval });
    const sound = new LiveSound({ socket: soundSocket, endpoint, own });
    const view = new LiveView({ controller, slot, session, endpoint, video, sound });
    try {
      await view.#start(options, ownSsrc);
      return view;
    } catch (error) {
      view.abandon();
      throw error;
    }
  }

  /** Milliseconds from the start being written to the first packet; undefined while there was none. */
  get firstPacketMs(): number | undefined {
    return this.video.firstPacketAt === undefined ? undefined : this.video.firstPacketAt - this.startedAt;
  }

  /** Asks for another size, as a controller does when the network gets worse. */
  async reconfigure(width: number, height: number): Promise<void> {
    const rtp = encodeTlv([[3, u16(132)], [4, f32(0.5)]]); // prettier-ignore
    await this.#select(command.reconfigure, [[2, encodeTlv([[3, attributes(width, height, 15)], [4, rtp]])]]); // prettier-ignore
  }

  /** Ends the view as a controller does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.video[Symbol.dispose]();
    this.sound[Symbol.dispose]();
    await this.#select(command.end, []);
  }

  /** Goes away without a word: no end, no more reports. The connection to the accessory stays. */
  abandon(): void {
    this.video[Symbol.dispose]();
    this.sound[Symbol.dispose]();
  }

  async #start(options: LiveOptions, ssrc: number): Promise<void> {
    const { width = 1280, height = 720, fps = 30, mtu = 1378, maxBitrateKbps = 2_000, rtcpInterval = 0.5 } = options;
    const codec = encodeTlv([[1, u8(2)], [2, u8(2)], [3, u8(0)]]); // prettier-ignore
    const rtp = encodeTlv([
      [1, u8(payloadType.video)],
      [2, u32(ssrc)],
      [3, u16(maxBitrateKbps)],
      [4, f32(rtcpInterval)],
      [5, u16(mtu)],
    ]);
    const video = encodeTlv([[1, u8(0)], [2, codec], [3, attributes(width, height, fps)], [4, rtp]]); // prettier-ignore
    const soundCodec = encodeTlv([[1, u8(1)], [2, u8(0)], [3, u8(2)], [4, u8(20)]]); // prettier-ignore
    const soundRtp = encodeTlv([
      [1, u8(payloadType.sound)],
      [2, u32(randomInt(2 ** 32))],
      [3, u16(24)],
      [4, f32(5)],
      [6, u8(13)],
    ]);
    const sound = encodeTlv([[1, u8(3)], [2, soundCodec], [3, soundRtp], [4, u8(0)]]); // prettier-ignore
    this.startedAt = performance.now();
    await this.#select(command.start, [[2, video], [3, sound]]); // prettier-ignore
    this.acknowledgedMs = performance.now() - this.startedAt;
  }

  async #select(kind: number, parameters: [number, Buffer][]): Promise<void> {
    const control = encodeTlv([[1, this.#session], [2, u8(kind)]]); // prettier-ignore
    await this.#controller.write(this.#slot.selected, encodeTlv([[1, control], ...parameters]).toString("base64"));
  }
}

const attributes = (width: number, height: number, fps: number): Buffer =>
  encodeTlv([[1, u16(width)], [2, u16(height)], [3, u8(fps)]]); // prettier-ignore
