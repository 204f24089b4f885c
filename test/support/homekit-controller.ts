import { HomekitControllerError, HttpClient } from "hap-controller";

import { HomeKitError } from "./homekit-error.ts";
import type { AccessoryEndpoint, SrtpKey } from "./homekit-live-video.ts";
import { LiveView, type LiveOptions } from "./homekit-live-view.ts";
import { SensorEvents } from "./homekit-sensor-events.ts";
import { decodeTlv, encodeTlv, tlvRequired, tlvValue, u16, u8 } from "./tlv8.ts";

/** What a controller keeps of a pairing. */
export type SavedPairing = NonNullable<ReturnType<HttpClient["getLongTermData"]>>;

export interface BridgeAddress {
  readonly host: string;
  readonly port: number;
  /** The accessory's id, in the form of a MAC address. */
  readonly username: string;
}

/** A camera among the accessories of a bridge. Characteristics are `aid.iid`. */
export interface HomeKitCamera {
  readonly aid: number;
  readonly name: string;
  readonly serial: string;
  readonly slots: readonly StreamSlot[];
  readonly motion: string;
  readonly active: string;
  /** Whether it has a microphone. */
  readonly sound: boolean;
  /** Whether it has a loudspeaker. */
  readonly talk: boolean;
}

/** One CameraRTPStreamManagement service: one viewer. */
export interface StreamSlot {
  readonly status: string;
  readonly setup: string;
  readonly selected: string;
  readonly video: string;
  readonly audio: string;
  readonly rtp: string;
}

export const setupStatus = { success: 0, busy: 1, error: 2 } as const;

export interface SetupAnswer {
  readonly status: number;
  readonly endpoint: AccessoryEndpoint | undefined;
}

interface RawCharacteristic {
  readonly type: string;
  readonly iid: number;
  readonly value?: unknown;
}

const short = (type: string): string =>
  type
    .toUpperCase()
    .replace(/-0000-1000-8000-0026BB765291$/, "")
    .replace(/^0+/, "");
const uuid = {
  information: "3E",
  serial: "30",
  name: "23",
  stream: "110",
  status: "120",
  video: "114",
  audio: "115",
  rtp: "116",
  selected: "117",
  setup: "118",
  motionSensor: "85",
  motion: "22",
  active: "75",
  microphone: "112",
  speaker: "113",
} as const;

const answerWithinMs = 50_000;
/** SRP's numbers take both sides a while on a busy box. */
const pairedWithinMs = 60_000;

/** hap-controller leaves a request pending for ever when the connection ends under it. */
const within = async <T>(what: string, promise: Promise<T>, ms = answerWithinMs): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** A HomeKit controller: what an iPhone does, without one. Its one connection stays open, because live views end with it. */
export class HomeKitController implements AsyncDisposable {
  readonly #address: BridgeAddress;
  readonly #client: HttpClient;
  readonly #events = new Set<SensorEvents>();

  private constructor(address: BridgeAddress, saved?: SavedPairing) {
    this.#address = address;
    this.#client = new HttpClient(address.username, address.host, address.port, saved, {
      usePersistentConnections: true,
    });
  }

  /** Pairs as the first controller, with the code on the accessory. */
  static async pair(address: BridgeAddress & { readonly pin: string }): Promise<HomeKitController> {
    const controller = new HomeKitController(address);
    await within("pairing", controller.#client.pairSetup(address.pin), pairedWithinMs);
    return controller;
  }

  /** The controller of an earlier pairing, e.g. after the accessory was restarted. */
  static restore(saved: SavedPairing, address: BridgeAddress): HomeKitController {
    return new HomeKitController(address, saved);
  }

  save(): SavedPairing {
    const saved = this.#client.getLongTermData();
    if (saved === null) throw new Error("this controller is not paired");
    return saved;
  }

  /** Another device of the same owner, with connections of its own. */
  another(): HomeKitController {
    return HomeKitController.restore(this.save(), this.#address);
  }

  async cameras(): Promise<readonly HomeKitCamera[]> {
    const { accessories } = await within("accessories", this.#client.getAccessories());
    return accessories.flatMap(({ aid, services }) => {
      const found = (type: string): (readonly RawCharacteristic[])[] =>
        services
          .filter((service) => short(service.type) === type)
          .map(({ characteristics }) => characteristics as unknown as readonly RawCharacteristic[]);
      const slots = found(uuid.stream);
      return slots.length === 0 ? [] : [camera(aid, slots, found)];
    });
  }

  /** The values of characteristics, in order. */
  async read(...ids: readonly string[]): Promise<readonly unknown[]> {
    const { characteristics } = await within("read", this.#client.getCharacteristics([...ids]));
    return ids.map((id) => {
      const one = characteristics.find(({ aid, iid }) => `${String(aid)}.${String(iid)}` === id);
      if (one?.status !== undefined && one.status !== 0) throw new HomeKitError(`read ${id}`, one.status);
      return one?.value;
    });
  }

  async write(id: string, value: unknown): Promise<void> {
    const answer = (await within("write", this.#client.setCharacteristics({ [id]: value }))) as {
      characteristics?: readonly { status?: number }[];
    };
    const status = answer.characteristics?.[0]?.status ?? 0;
    if (status !== 0) throw new HomeKitError(`write ${id}`, status);
  }

  /** A JPEG. @throws HomeKitError */
  async snapshot(aid: number, width = 640, height = 360): Promise<Buffer> {
    try {
      return await within("snapshot", this.#client.getImage(width, height, aid));
    } catch (error) {
      const status = error instanceof HomekitControllerError ? error.getBody()?.["status"] : undefined;
      throw typeof status === "number" ? new HomeKitError("snapshot", status) : error;
    }
  }

  /** Follows motion and activity of the cameras that there are now, on a connection of its own. */
  async watch(): Promise<SensorEvents> {
    const cameras = await this.cameras();
    const client = new HttpClient(this.#address.username, this.#address.host, this.#address.port, this.save());
    const events = new SensorEvents(client, cameras);
    this.#events.add(events);
    await within(
      "subscribe",
      client.subscribeCharacteristics(cameras.flatMap(({ motion, active }) => [motion, active])),
    );
    return events;
  }

  /** Writes SetupEndpoints and reads its answer, as each live view begins. */
  async setupEndpoints(slot: StreamSlot, own: OwnEndpoint): Promise<SetupAnswer> {
    const srtp = encodeTlv([[1, u8(0)], [2, own.srtp.key], [3, own.srtp.salt]]); // prettier-ignore
    const address = encodeTlv([
      [1, u8(own.address.includes(":") ? 1 : 0)],
      [2, Buffer.from(own.address)],
      [3, u16(own.videoPort)],
      [4, u16(own.audioPort)],
    ]);
    const request = encodeTlv([[1, own.session], [3, address], [4, srtp], [5, srtp]]); // prettier-ignore
    await this.write(slot.setup, request.toString("base64"));
    const [answer] = await this.read(slot.setup);
    return setupAnswer(decodeTlv(Buffer.from(String(answer), "base64")));
  }

  /** Whether a slot is free. */
  async free(slot: StreamSlot): Promise<boolean> {
    const [status] = await this.read(slot.status);
    return tlvRequired(decodeTlv(Buffer.from(String(status), "base64")), 1).readUInt8(0) === 0;
  }

  /** Opens a live view. @throws HomeKitError when the accessory refuses */
  async openLive(aid: number, options: LiveOptions = {}): Promise<LiveView> {
    const found = (await this.cameras()).find((one) => one.aid === aid);
    if (found === undefined) throw new Error(`no camera ${aid}`);
    const slot = options.slot === undefined ? await this.#freeSlot(found) : found.slots[options.slot];
    if (slot === undefined) throw new Error(`camera ${aid} has no free stream`);
    return LiveView.open(this, slot, options);
  }

  async #freeSlot({ slots }: HomeKitCamera): Promise<StreamSlot | undefined> {
    for (const slot of slots) if (await this.free(slot)) return slot;
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const events of this.#events) await events[Symbol.asyncDispose]();
    await this.#client.close();
  }
}

const camera = (
  aid: number,
  streams: readonly (readonly RawCharacteristic[])[],
  found: (type: string) => (readonly RawCharacteristic[])[],
): HomeKitCamera => {
  const id = (characteristics: readonly RawCharacteristic[], type: string): string =>
    `${aid}.${characteristics.find((one) => short(one.type) === type)?.iid ?? 0}`;
  const [information = []] = found(uuid.information);
  const [sensor = []] = found(uuid.motionSensor);
  const text = (type: string): string => {
    const value = information.find((one) => short(one.type) === type)?.value;
    return typeof value === "string" ? value : "";
  };
  return {
    aid,
    name: text(uuid.name),
    serial: text(uuid.serial),
    slots: streams.map((stream) => ({
      status: id(stream, uuid.status),
      setup: id(stream, uuid.setup),
      selected: id(stream, uuid.selected),
      video: id(stream, uuid.video),
      audio: id(stream, uuid.audio),
      rtp: id(stream, uuid.rtp),
    })),
    motion: id(sensor, uuid.motion),
    active: id(sensor, uuid.active),
    sound: found(uuid.microphone).length > 0,
    talk: found(uuid.speaker).length > 0,
  };
};

/** The controller's half of SetupEndpoints. */
export interface OwnEndpoint {
  /** 16 bytes. */
  readonly session: Buffer;
  readonly address: string;
  readonly videoPort: number;
  readonly audioPort: number;
  readonly srtp: SrtpKey;
}

const setupAnswer = (answer: [number, Buffer][]): SetupAnswer => {
  const status = tlvRequired(answer, 2).readUInt8(0);
  const place = tlvValue(answer, 3);
  if (status !== setupStatus.success || place === undefined) return { status, endpoint: undefined };
  const address = decodeTlv(place);
  const key = (type: number): SrtpKey => {
    const srtp = decodeTlv(tlvRequired(answer, type));
    return { key: tlvRequired(srtp, 2), salt: tlvRequired(srtp, 3) };
  };
  return {
    status,
    endpoint: {
      address: tlvRequired(address, 2).toString("ascii"),
      videoPort: tlvRequired(address, 3).readUInt16LE(0),
      audioPort: tlvRequired(address, 4).readUInt16LE(0),
      videoSrtp: key(4),
      audioSrtp: key(5),
      videoSsrc: tlvRequired(answer, 6).readUInt32LE(0),
      audioSsrc: tlvRequired(answer, 7).readUInt32LE(0),
    },
  };
};
