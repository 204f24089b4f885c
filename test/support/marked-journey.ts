import type { TotpSecret } from "@gatehouse/shared";
import { once } from "node:events";
import { WebSocket } from "ws";

import { SimulatorProcess } from "../simulator/simulator-process.ts";
import { AwayHouse } from "./away-house.ts";
import { Canary } from "./canary.ts";
import type { ConnectProcess } from "./connect-process.ts";
import { eventually } from "./eventually.ts";
import { FfmpegViewer } from "./ffmpeg-viewer.ts";
import { addresses, type ThreeNetworks } from "./three-networks.ts";

const never = { signal: new AbortController().signal };

export interface JourneyOptions {
  readonly networks: ThreeNetworks;
  readonly folder: string;
  readonly relayWithin?: readonly string[];
  /** Called when the device was paired, before it goes away. */
  readonly onPaired?: (deviceFile: string) => Promise<void>;
}

/** What is marked, by its name: at least 32 letters each that stand nowhere else. */
export type Marks = Readonly<Record<"name" | "frame" | "event" | "password" | "token" | "credential", string>>;

/**
 * Somebody away who signs in, reads which cameras there are, watches one, hears of an event at another, and is given a secret: all of it
 * marked. She goes on watching.
 */
export class MarkedJourney implements AsyncDisposable {
  readonly house: AwayHouse;
  readonly marks: Marks;
  readonly viewer: FfmpegViewer;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: Pick<MarkedJourney, "house" | "marks" | "viewer">, resources: AsyncDisposableStack) {
    ({ house: this.house, marks: this.marks, viewer: this.viewer } = parts);
    this.#resources = resources;
  }

  static async begin({ onPaired, networks, ...options }: JourneyOptions): Promise<MarkedJourney> {
    await using opening = new AsyncDisposableStack();
    const [name, frame, event, password] = Array.from({ length: 4 }, () => new Canary().text) as Four;
    const marked = { cameraName: name, password, simulator: { id: frame } };
    const house = opening.use(await AwayHouse.open({ networks, ...options, ...marked }));
    const bell = await addBell(house, networks, event, opening);
    await onPaired?.(house.deviceFile);
    const connected = await house.connect();
    const token = await beToldAll(connected, { name, event, bell }, opening);
    const viewer = opening.use(new FfmpegViewer(connected.rtspUrl(house.camera.id), networks.away.within));
    await eventually("the picture", () => viewer.stamps.length >= 30 || viewer.ended);
    if (viewer.ended) throw new Error(viewer.complaints);
    const marks = { name, frame, event, password, token, credential: connected.told.credential };
    return new MarkedJourney({ house, marks, viewer }, opening.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

type Four = [string, string, string, string];

/** A camera that nobody watches, so that its mark is in its events alone. */
const addBell = async (
  house: AwayHouse,
  networks: ThreeNetworks,
  id: string,
  stack: AsyncDisposableStack,
): Promise<SimulatorProcess> => {
  const options = { id, password: "correct horse", host: addresses.camera };
  const bell = stack.use(await SimulatorProcess.start(options, networks.home.within));
  const { onvifUrl: address, username } = bell.facts;
  const body = { address, name: "Bell", username, password: options.password, warm: true };
  await house.owner.call("addCamera", { body }, never);
  return bell;
};

/** The list of cameras, an event, and a secret for an authenticator, which is the token. */
const beToldAll = async (
  { told: { api, credential } }: ConnectProcess,
  { name, event, bell }: { readonly name: string; readonly event: string; readonly bell: SimulatorProcess },
  stack: AsyncDisposableStack,
): Promise<string> => {
  const headers = { authorization: `Bearer ${credential}` };
  const cameras = await (await fetch(`${api}/v1/cameras`, { headers })).text();
  if (!cameras.includes(name)) throw new Error(`the cameras are ${cameras}`);
  const socket = new WebSocket(`${api.replace("http", "ws")}/v1/events`, { headers });
  stack.defer(() => socket.terminate());
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => heard.push(data.toString()));
  await once(socket, "message");
  await bell.motion(true);
  await eventually("the event", () => heard.some((message) => message.includes(event)));
  const { secret } = (await (await fetch(`${api}/v1/me/totp`, { method: "POST", headers })).json()) as TotpSecret;
  return secret;
};
