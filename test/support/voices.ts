import type { CameraId, GatewayClient } from "@gatehouse/shared";

import type { ApplicationClient } from "./application-client.ts";
import { eventually } from "./eventually.ts";
import { HomeKitReceiver, makeStart } from "./homekit-receiver.ts";
import type { LiveView } from "./homekit-live-view.ts";
import { makeSound } from "./media-files.ts";
import { OnvifTalker, speechPacket } from "./onvif-talker.ts";
import type { RtspReader } from "./rtsp-reader.ts";
import { WebRtcReceiver } from "./webrtc-receiver.ts";

/** Somebody who talks through a camera, 20 ms at a time, and watches it if the way allows. */
export interface Voice extends AsyncDisposable {
  readonly name: string;
  /** Says the next 20 ms of 440 Hz. */
  say(): Promise<void>;
  /** Packets of the camera's that came. */
  readonly seen: number;
}

/** So many pieces of 440 Hz are there; then they begin anew. */
const seconds = 20;
const sounds = new Map<"opus" | "pcmu", Promise<readonly Buffer[]>>();
/** 20 ms each. */
export const speechIn = (codec: "opus" | "pcmu"): Promise<readonly Buffer[]> => {
  const made = sounds.get(codec) ?? makeSound(codec, { seconds, toneAt: 0 }).then(({ units }) => units);
  sounds.set(codec, made);
  return made;
};

const pieceOf = (pieces: readonly Buffer[], index: number): Buffer => pieces[index % pieces.length] ?? Buffer.alloc(0);

/** A controller of HomeKit, with its plugin's connection to the gateway: Opus in SRTP. */
export const homeKitVoice = async (gateway: GatewayClient, camera: CameraId): Promise<Voice> => {
  const cancel = { signal: new AbortController().signal };
  const pieces = await speechIn("opus");
  const receiver = await HomeKitReceiver.open({ audio: true });
  const call = { params: { camera }, query: {}, body: receiver.request };
  const prepared = await gateway.call("prepareHomeKitSession", call, cancel);
  receiver.listen(prepared);
  const params = { session: prepared.id };
  await gateway.call("startHomeKitSession", { params, query: {}, body: makeStart({}, {}) }, cancel);
  // Or the gateway takes it for gone.
  const reports = setInterval(() => void receiver.send(receiver.report()), 1_000);
  await receiver.send(receiver.report());
  let index = 0;
  return {
    name: "HomeKit",
    say: async () => {
      await receiver.speak(pieceOf(pieces, index), { sequence: index & 0xffff, timestamp: index * 320 });
      index += 1;
    },
    get seen() {
      return receiver.video.packets;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(reports);
      await gateway.call("endHomeKitSession", { params, query: {}, body: undefined }, cancel).catch(() => undefined);
      receiver[Symbol.dispose]();
    },
  };
};

/** A controller of HomeKit whose view a Homebridge has arranged: Opus at 24 kHz. */
export const liveViewVoice = async (view: LiveView): Promise<Omit<Voice, typeof Symbol.asyncDispose>> => {
  const pieces = await speechIn("opus");
  let index = 0;
  return {
    name: "HomeKit through Homebridge",
    say: async () => {
      await view.sound.say(pieceOf(pieces, index), { sequence: index & 0xffff, timestamp: index * 480 });
      index += 1;
    },
    get seen() {
      return view.video.packets;
    },
  };
};

/** A page that watches by WebRTC, with a microphone. */
export const webRtcVoice = async (
  client: ApplicationClient,
  camera: CameraId,
  sound: "opus" | "pcmu",
): Promise<Voice> => {
  const pieces = await speechIn(sound);
  const receiver = await WebRtcReceiver.open({ loopback: true, audio: "sendrecv", sound });
  const path = `/v1/cameras/${camera}/whep`;
  const answer = await client.ask({ path, method: "POST", type: "application/sdp", body: receiver.offer });
  if (answer.status !== 201) throw new Error(`the offer was answered ${answer.status}: ${answer.body.toString()}`);
  await receiver.accept(answer.body.toString());
  // What is said before that is lost.
  await eventually("a picture", () => receiver.packets.length > 0);
  const payloadType = Number(/^m=audio \d+ \S+ (\d+)/m.exec(answer.body.toString())?.[1]);
  const ticks = sound === "opus" ? 960 : 160;
  let index = 0;
  return {
    name: `WebRTC in ${sound}`,
    say: async () => {
      const place = { payloadType, timestamp: index * ticks };
      await receiver.say(speechPacket(index & 0xffff, pieceOf(pieces, index), place));
      index += 1;
    },
    get seen() {
      return receiver.packets.length;
    },
    [Symbol.asyncDispose]: async () => {
      await client.ask({ path: String(answer.headers.location), method: "DELETE" }).catch(() => undefined);
      await receiver[Symbol.asyncDispose]();
    },
  };
};

/** A recorder that speaks ONVIF, in PCMU; it watches too. */
export const onvifVoice = async (reader: RtspReader, camera: CameraId, by: "tcp" | "udp" = "tcp"): Promise<Voice> => {
  const pieces = await speechIn("pcmu");
  const talker = new OnvifTalker(reader, camera);
  await talker.watch();
  await talker.begin(by);
  let index = 0;
  return {
    name: `ONVIF by ${by}`,
    say: async () => {
      talker.say(pieceOf(pieces, index));
      index += 1;
    },
    get seen() {
      return reader.frames.length;
    },
    [Symbol.asyncDispose]: async () => {
      talker[Symbol.dispose]();
      reader[Symbol.dispose]();
    },
  };
};
