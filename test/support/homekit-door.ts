import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { PrincipalId, SessionId, StartHomeKitSession } from "@gatehouse/shared";

import {
  HomeKitSessions,
  type HomeKitPreparation,
} from "../../gateway-bridge/src/consumers/homekit/homekit-sessions.ts";
import type { AudioTrack } from "../../gateway-bridge/src/domain/track.ts";
import { camera, House } from "../../gateway-bridge/src/media/testing/house.ts";
import { makePictures, opusTrack, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "./eventually.ts";
import { makeStart, type HomeKitReceiver } from "./homekit-receiver.ts";

export const owner = "who-aaaaaaaaaaaaaaaa" as PrincipalId;
export const other = "who-bbbbbbbbbbbbbbbb" as PrincipalId;
export const never: AbortSignal = new AbortController().signal;
/** Between two pictures. */
export const frameMs = 40;

interface MaxSessions {
  readonly total: number;
  readonly perCamera: number;
  readonly perPrincipal?: number;
}

/** A camera, its stream and the HomeKit sessions on it, on a clock that stands still; the sockets are real. */
export class Door implements AsyncDisposable {
  readonly house = new House();
  readonly sessions: HomeKitSessions;
  /** What was said into each microphone, and whether it was switched off. */
  readonly microphones: { readonly from: AudioTrack; readonly said: [string, number][]; off: boolean }[] = [];
  readonly #bootedAt = this.house.clock.monotonic();

  private constructor(maxSessions?: MaxSessions) {
    const { clock, log, stream } = this.house;
    this.sessions = new HomeKitSessions({
      stream: () => stream,
      clock,
      log,
      interfaces: networkInterfaces,
      microphone: ({ from }) => {
        const microphone = { from, said: [] as [string, number][], off: false };
        this.microphones.push(microphone);
        return {
          write: (data, timestamp) => void microphone.said.push([data.toString(), timestamp]),
          [Symbol.dispose]: () => (microphone.off = true),
        };
      },
      ...(maxSessions === undefined ? {} : { maxSessions }),
    });
  }

  /** With a GOP of `frames` pictures behind it, taken at 25 a second. */
  static async open(frames = 50, options: { sound?: boolean; max?: MaxSessions } = {}) {
    const door = new Door(options.max);
    if (options.sound === true) door.house.camera.tracks = [videoTrack, opusTrack];
    door.house.streams.setWarm(camera, true);
    await door.house.settle();
    if (frames > 0) await door.film(frames);
    return door;
  }

  /** Takes so many pictures in their own time, the first a key picture. */
  async film(frames: number): Promise<void> {
    const { camera: source, clock } = this.house;
    const gop = makePictures({ count: frames, keySize: 60_000, size: 4_000 });
    for (const picture of gop) {
      const arrivedAt = clock.monotonic();
      source.send({ ...picture, timestamp: (arrivedAt - this.#bootedAt) * 90, arrivedAt });
      await clock.advance(frameMs);
    }
  }

  async prepare(receiver: HomeKitReceiver, principal = owner): Promise<SessionId> {
    const prepared = await this.sessions.prepare({ principal, camera, body: receiver.request }, { signal: never });
    receiver.listen(prepared);
    return prepared.id;
  }

  async watch(
    receiver: HomeKitReceiver,
    body: StartHomeKitSession = makeStart(),
    principal = owner,
  ): Promise<SessionId> {
    const id = await this.prepare(receiver, principal);
    await this.sessions.start(id, body);
    return id;
  }

  logged(message: string) {
    return this.house.log.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }

  get endings(): readonly unknown[] {
    return this.logged("HomeKit session ends").map((fields) => fields["why"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]();
    await this.house[Symbol.asyncDispose]();
  }
}

export const units = (receiver: HomeKitReceiver, count: number): Promise<void> =>
  eventually(`${count} pictures`, () => receiver.video.units.length >= count);
export const prepareFor = (viewer: Partial<HomeKitPreparation["body"]["viewer"]>, localAddress?: string) => {
  const srtp = { key: randomBytes(16).toString("base64"), salt: randomBytes(14).toString("base64") };
  const body = { viewer: { address: "127.0.0.1", videoPort: 9, videoSrtp: srtp, ...viewer } };
  return { principal: owner, camera, body: localAddress === undefined ? body : { ...body, localAddress } };
};
