import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import {
  GatewayClient,
  pair,
  silentLogger,
  Secret,
  systemClock,
  type ApplicationCredential,
  type AuditRow,
  type Camera,
  type Identity,
  type PairingOffer,
  type Status,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { convertG711 } from "../../gateway-bridge/src/protocols/g711/g711.ts";
import type { G711Codec } from "../../gateway-bridge/src/protocols/g711/laws.ts";
import { decodeG711 } from "../../gateway-bridge/src/protocols/g711/testing/linear.ts";
import { ApplicationClient } from "../support/application-client.ts";
import { CameraLine } from "../support/camera-line.ts";
import { descendants, untilDescendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { GstRtspServer } from "../support/gst-rtsp-server.ts";
import { GstTalker } from "../support/gst-talker.ts";
import { HomebridgeProcess } from "../support/homebridge.ts";
import { HomeKitController } from "../support/homekit-controller.ts";
import { describeWith } from "../support/needs.ts";
import { RtspReader } from "../support/rtsp-reader.ts";
import { listenFor, type Tone } from "../support/tone.ts";
import { homeKitVoice, liveViewVoice, onvifVoice, speechIn, webRtcVoice, type Voice } from "../support/voices.ts";

// Cameras are connected, and ffmpeg is started.
jest.setTimeout(90_000);
const cancel = { signal: new AbortController().signal };
/** How far the loudspeaker may be behind its talker, in pieces of 20 ms. */
const delays = { asItIs: 2, converted: 15 } as const;

type Loudspeaker = "talk-pcmu" | "talk-pcma" | "talk-l16";

interface Speech {
  readonly pieces: number;
  /** How far the loudspeaker may be behind. */
  readonly behind: number;
  readonly mount?: Loudspeaker;
}

/** Cameras with a loudspeaker each, the real gateway before them, and everybody who talks. */
class Home {
  readonly #stack: AsyncDisposableStack;
  readonly server: GstRtspServer;
  readonly line: CameraLine;
  readonly gateway: GatewayProcess;
  readonly cameras: Readonly<Record<Loudspeaker, Camera>>;
  readonly #identity: Identity;
  readonly #plainPort: number;

  private constructor(
    parts: Pick<Home, "server" | "line" | "gateway" | "cameras">,
    rest: readonly [Identity, number],
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
    ({ server: this.server, line: this.line, gateway: this.gateway, cameras: this.cameras } = parts);
    [this.#identity, this.#plainPort] = rest;
  }

  static async open(): Promise<Home> {
    await using opening = new AsyncDisposableStack();
    const folder = opening.adopt(await mkdtemp(join(tmpdir(), "gatehouse-talk-")), (path) =>
      rm(path, { recursive: true }),
    );
    const server = opening.use(await GstRtspServer.open({ mounts: ["talk-pcmu", "talk-pcma", "talk-l16"] }));
    const line = opening.use(await CameraLine.open(Number(new URL(server.url("talk-pcmu")).port)));
    const plainPort = await freePort();
    const config = { listen: { port: 0 }, rtsp: { port: 0, plainPort } };
    const gateway = opening.use(await GatewayProcess.start({ data: join(folder, "gateway"), config }));
    const add = async (mount: Loudspeaker): Promise<Camera> => {
      const address = `rtsp://127.0.0.1:${line.port}/${mount}`;
      const args = ["camera", "add", address, "--name", mount, "--user", server.username, "--password-stdin", "--warm"];
      return (await gateway.command(args, server.password)) as Camera;
    };
    const cameras = {
      "talk-pcmu": await add("talk-pcmu"),
      "talk-pcma": await add("talk-pcma"),
      "talk-l16": await add("talk-l16"),
    };
    // Its grants are those that a plugin gets unless told otherwise.
    const { pairingString } = (await gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
    const identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, cancel);
    return new Home({ server, line, gateway, cameras }, [identity, plainPort], opening.move());
  }

  async application(...options: readonly string[]): Promise<ApplicationCredential> {
    return (await this.gateway.command(["app", "add", "Talker", "--all-cameras", ...options])) as ApplicationCredential;
  }

  async homeKit(mount: Loudspeaker = "talk-pcmu"): Promise<Voice> {
    const given = { identity: this.#identity, clock: systemClock, log: silentLogger, random: () => 0.5 };
    const client = this.#stack.use(new GatewayClient(given));
    return homeKitVoice(client, this.cameras[mount].id);
  }

  /** What an iPhone does, with Homebridge between it and the gateway. */
  async homebridge(): Promise<Voice> {
    await using opening = new AsyncDisposableStack();
    const { pairingString } = (await this.gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
    const storage = opening.adopt(await mkdtemp(join(tmpdir(), "gatehouse-homebridge-")), (path) =>
      rm(path, { recursive: true }),
    );
    const homebridge = opening.use(await HomebridgeProcess.start({ storage, platformConfig: { pairingString } }));
    await homebridge.logged(/Connected to the gateway/);
    const { port, username, pin } = homebridge;
    const controller = opening.use(await HomeKitController.pair({ host: "127.0.0.1", port, username, pin }));
    const camera = (await controller.cameras()).find(({ name }) => name === "talk-pcmu");
    if (camera?.talk !== true) throw new Error("HomeKit was offered no loudspeaker");
    const voice = await liveViewVoice(opening.use(await controller.openLive(camera.aid)));
    const open = opening.move();
    return {
      name: voice.name,
      say: () => voice.say(),
      get seen() {
        return voice.seen;
      },
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  }

  async gstreamer(scheme: "rtsp" | "rtsps"): Promise<GstTalker> {
    const { username: user, password, rtsp } = await this.application("--talk");
    const port = scheme === "rtsps" ? Number(new URL(rtsp[0]?.url ?? "").port) : this.#plainPort;
    const location = `${scheme}://127.0.0.1:${port}/${this.cameras["talk-pcmu"].id}`;
    return new GstTalker({ location, user, password, protocols: scheme === "rtsps" ? "tcp" : "udp" });
  }

  async webRtc(sound: "opus" | "pcmu", login?: ApplicationCredential): Promise<Voice> {
    const client = await ApplicationClient.of(this.gateway, login ?? (await this.application("--talk")));
    return webRtcVoice(client, this.cameras["talk-pcmu"].id, sound);
  }

  async onvif({
    by = "tcp",
    mount = "talk-pcmu",
    login,
  }: { by?: "tcp" | "udp"; mount?: Loudspeaker; login?: ApplicationCredential } = {}): Promise<Voice> {
    const { username, password, rtsp } = login ?? (await this.application("--talk"));
    const secure = { port: Number(new URL(rtsp[0]?.url ?? "").port), pin: this.#identity.gatewayPin };
    const way = by === "udp" ? { port: this.#plainPort } : secure;
    const reader = await RtspReader.open({ ...way, login: { username, password: Secret.of(password) } });
    return onvifVoice(reader, this.cameras[mount].id, by);
  }

  heard(mount: Loudspeaker = "talk-pcmu"): readonly Buffer[] {
    return this.server.heard(mount);
  }

  /** Lets somebody talk, in real time, as long as the loudspeaker keeps up; answers what it played of that. */
  async speak(voice: Pick<Voice, "name" | "say">, { pieces, behind, mount = "talk-pcmu" }: Speech): Promise<Buffer> {
    const before = this.heard(mount).length;
    const heard = (count: number): Promise<void> =>
      eventually(`piece ${count} of ${voice.name}`, () => this.heard(mount).length - before >= count);
    for (let said = 1; said <= pieces; said += 1) {
      await voice.say();
      await heard(said - behind);
      await systemClock.delay(20, cancel);
    }
    if (behind === delays.asItIs) await heard(pieces);
    return Buffer.concat(this.heard(mount).slice(before));
  }

  /** Talks until the loudspeaker plays it. */
  async until(voice: Voice, mount: Loudspeaker = "talk-pcmu"): Promise<void> {
    const before = this.heard(mount).length;
    while (this.heard(mount).length === before) {
      await voice.say();
      await systemClock.delay(20, cancel);
    }
  }

  /** Resolves once nobody talks any more. */
  async quiet(): Promise<void> {
    await eventually("the end of the talk", () => this.line.talks === 0);
  }

  async talks(outcome: "allowed" | "denied"): Promise<readonly AuditRow[]> {
    const rows = (await this.gateway.command(["audit"])) as AuditRow[];
    return rows.filter((row) => row.action === "talk" && row.outcome === outcome);
  }

  /** How often each camera's stream was connected. */
  async connects(): Promise<readonly number[]> {
    const { streams } = (await this.gateway.command(["status"])) as Status;
    return streams.map(({ connects }) => connects);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const toneIn = (codec: G711Codec, sound: Buffer): Tone => listenFor(440, decodeG711(codec, sound), 8_000);

describeWith(["gstreamer", "ffmpeg"], "talking through a camera", () => {
  let home: Home;
  beforeAll(async () => {
    home = await Home.open();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it("is offered where a camera was found to have a loudspeaker, and nobody had to be asked twice", async () => {
    expect(Object.values(home.cameras).map(({ talk }) => talk)).toEqual([true, true, true]);
    expect(home.line.talks).toBe(0);
  });

  it("by HomeKit: Opus becomes what the loudspeaker plays, at the level that it was said", async () => {
    await using voice = await home.homeKit();
    const heard = await home.speak(voice, { pieces: 150, behind: delays.converted });
    const { level, purity } = toneIn("pcmu", heard.subarray(heard.length / 2));
    expect(purity).toBeGreaterThan(0.95);
    expect(level).toBeGreaterThan(10_000);
    await eventually("its pictures", () => voice.seen > 20);
  });

  it("by WebRTC in Opus", async () => {
    await home.quiet();
    await using voice = await home.webRtc("opus");
    const heard = await home.speak(voice, { pieces: 150, behind: delays.converted });
    expect(toneIn("pcmu", heard.subarray(heard.length / 2)).purity).toBeGreaterThan(0.95);
  });

  it("by WebRTC in PCMU: every byte as it was said", async () => {
    await home.quiet();
    await using voice = await home.webRtc("pcmu");
    const heard = await home.speak(voice, { pieces: 100, behind: delays.asItIs });
    expect(heard.equals(Buffer.concat((await speechIn("pcmu")).slice(0, 100)))).toBe(true);
  });

  it.each(["tcp", "udp"] as const)("by ONVIF, over %s: every byte as it was said", async (by) => {
    await home.quiet();
    await using voice = await home.onvif({ by });
    const heard = await home.speak(voice, { pieces: 100, behind: delays.asItIs });
    expect(heard.equals(Buffer.concat((await speechIn("pcmu")).slice(0, 100)))).toBe(true);
  });

  it.each(["rtsps", "rtsp"] as const)("by GStreamer's own ONVIF client, over %s", async (scheme) => {
    await home.quiet();
    await using talker = await home.gstreamer(scheme);
    // By then the end of the talk before has been played, and its process begins.
    const before = home.heard().length;
    await eventually("a second of sound", () => home.heard().length >= before + 50 || talker.errors.length > 0);
    expect(talker.errors).toEqual([]);
    const heard = Buffer.concat(home.heard().slice(before));
    const { level, purity } = toneIn("pcmu", heard);
    expect(purity).toBeGreaterThan(0.98);
    expect(level).toBeGreaterThan(15_000);
    expect(talker.sees).toBe(true);
  });

  it("by a HomeKit controller, through a real Homebridge: a camera without a microphone is spoken through all the same", async () => {
    await home.quiet();
    await using voice = await home.homebridge();
    const heard = await home.speak(voice, { pieces: 100, behind: delays.converted });
    expect(toneIn("pcmu", heard.subarray(heard.length / 2)).purity).toBeGreaterThan(0.95);
    await eventually("its pictures", () => voice.seen > 20);
  });

  it("to a loudspeaker that plays PCMA alone: each sample by table, and no process for it", async () => {
    await home.quiet();
    await using voice = await home.onvif({ mount: "talk-pcma" });
    const heard = await home.speak(voice, { pieces: 100, behind: delays.asItIs, mount: "talk-pcma" });
    expect(heard.equals(convertG711("pcma", Buffer.concat((await speechIn("pcmu")).slice(0, 100))))).toBe(true);
    expect(await descendants("ffmpeg")).toEqual([]);
  });

  it("to a loudspeaker that plays samples of 16 kHz alone", async () => {
    await home.quiet();
    await using voice = await home.onvif({ mount: "talk-l16" });
    const heard = await home.speak(voice, { pieces: 100, behind: delays.converted, mount: "talk-l16" });
    const samples = Int16Array.from({ length: heard.length / 2 }, (_, index) => heard.readInt16BE(index * 2));
    const { level, purity } = listenFor(440, samples.subarray(samples.length / 2), 16_000);
    expect(purity).toBeGreaterThan(0.95);
    expect(level).toBeGreaterThan(10_000);
  });

  it("is one person's at a time, whichever way they came; the next begins when the last has been quiet", async () => {
    await home.quiet();
    await using first = await home.homeKit();
    await using second = await home.webRtc("pcmu");
    await using third = await home.onvif();
    await home.speak(first, { pieces: 50, behind: delays.converted });
    const refused = new Set((await home.talks("denied")).map(({ sequence }) => sequence));
    // Both try, and the loudspeaker stays with the first.
    const say = async (): Promise<void> => {
      await Promise.all([first, second, third].map((voice) => voice.say()));
    };
    const meanwhile = await home.speak({ name: "the first of three", say }, { pieces: 25, behind: delays.converted });
    expect(home.line.talks).toBe(1);
    expect(toneIn("pcmu", meanwhile).purity).toBeGreaterThan(0.95);
    const denied = (await home.talks("denied")).filter(({ sequence }) => !refused.has(sequence));
    expect(new Set(denied.map(({ detail }) => detail))).toEqual(new Set(["talk-busy"]));
    expect(new Set(denied.map(({ principal }) => principal)).size).toBe(2);
    // The first has finished.
    const talked = home.line.talked;
    await home.quiet();
    await home.until(third);
    expect(home.line.talked).toBe(talked + 1);
    const heard = await home.speak(third, { pieces: 20, behind: delays.asItIs });
    expect(toneIn("pcmu", heard).purity).toBeGreaterThan(0.95);
  });

  it("is cut at once for who is revoked", async () => {
    await home.quiet();
    const login = await home.application("--talk");
    await using voice = await home.onvif({ login });
    const before = home.line.pieces;
    await home.speak(voice, { pieces: 20, behind: delays.asItIs });
    const talking = new AbortController();
    const talk = (async (): Promise<void> => {
      while (!talking.signal.aborted) {
        await voice.say();
        await systemClock.delay(20, cancel);
      }
    })();
    try {
      await home.gateway.command(["client", "revoke", login.principal]);
      // What the gateway had said to the camera by the time that it answered, and no more.
      await turn();
      const { pieces } = home.line;
      await home.quiet();
      expect(pieces - before).toBeGreaterThanOrEqual(20);
      expect(home.line.pieces).toBe(pieces);
    } finally {
      talking.abort();
      await talk;
    }
  });

  it("is nothing for who may only watch: nothing is offered, and nothing is heard", async () => {
    await home.quiet();
    const login = await home.application();
    await expect(home.onvif({ login })).rejects.toThrow("551");
    await using voice = await home.webRtc("pcmu", login);
    const [talked, heard] = [home.line.talked, home.heard().length];
    const { seen } = voice;
    for (let said = 0; said < 25; said += 1) {
      await voice.say();
      await systemClock.delay(20, cancel);
    }
    await eventually("its pictures", () => voice.seen > seen);
    expect([home.line.talked, home.heard().length]).toEqual([talked, heard]);
  });

  it("comes back after the camera hung up, and the picture never went", async () => {
    await home.quiet();
    await using voice = await home.onvif();
    await home.speak(voice, { pieces: 20, behind: delays.asItIs });
    const { seen } = voice;
    home.line.hangUp();
    await home.quiet();
    await eventually("pictures while nobody is heard", () => voice.seen > seen + 100);
    await home.until(voice);
    await home.speak(voice, { pieces: 20, behind: delays.asItIs });
    expect(await home.connects()).toEqual([1, 1, 1]);
  });

  it("comes back after its ffmpeg was killed, and the picture never went", async () => {
    await home.quiet();
    await using voice = await home.homeKit();
    await home.speak(voice, { pieces: 50, behind: delays.converted });
    const { seen } = voice;
    const killed = await descendants("ffmpeg");
    expect(killed).not.toEqual([]);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await home.quiet();
    await eventually("pictures while nobody is heard", () => voice.seen > seen + 100);
    await home.until(voice);
    const heard = await home.speak(voice, { pieces: 50, behind: delays.converted });
    expect(toneIn("pcmu", heard).purity).toBeGreaterThan(0.9);
    expect(await home.connects()).toEqual([1, 1, 1]);
  });

  it("leaves nothing behind", async () => {
    await home.quiet();
    await untilDescendants("ffmpeg", 0);
    const { streams } = (await home.gateway.command(["status"])) as Status;
    expect(streams.map(({ viewers }) => viewers)).toEqual(streams.map(() => 0));
  });
});
