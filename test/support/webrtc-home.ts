import { CameraId, PrincipalId, Secret, systemClock } from "@gatehouse/shared";
import { MemoryLogger, type LogLine } from "@gatehouse/shared/testing";
import { networkInterfaces } from "node:os";

import {
  WebRtcSessions,
  type WebRtcSessionsOptions,
} from "../../gateway-bridge/src/consumers/webrtc/webrtc-sessions.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";

/** Where a camera of a home is. */
export type CameraAddress = Pick<StreamEndpoint, "url"> & { readonly username: string; readonly password: string };

const letters = "abcdefgh";

/** A line, and when it came, ms since the epoch. */
export type TimedLine = LogLine & { readonly at: number };

class TimedLines extends Array<LogLine> {
  override push(...lines: readonly LogLine[]): number {
    return super.push(...lines.map((line): TimedLine => ({ ...line, at: Date.now() })));
  }
}

/** The gateway's media from its cameras' RTSP to WebRTC, with real sockets and clocks. */
export class WebRtcHome implements AsyncDisposable {
  readonly log = new MemoryLogger(new TimedLines());
  readonly owner: PrincipalId = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
  readonly streams: Streams;
  readonly sessions: WebRtcSessions;
  readonly #cameras: readonly CameraAddress[];

  constructor(cameras: readonly CameraAddress[], options: Partial<WebRtcSessionsOptions> = {}) {
    const log = this.log;
    this.#cameras = cameras;
    this.streams = Streams.create({
      endpoint: async (camera) => this.#endpoint(camera),
      openSource: createRtspSource({ clock: systemClock, log }),
      clock: systemClock,
      log,
      random: () => 0.5,
    });
    this.sessions = new WebRtcSessions({
      streams: this.streams,
      tierFor: () => "main",
      clock: systemClock,
      log,
      interfaces: networkInterfaces,
      ...options,
    });
  }

  /** The id of the camera at this place of the list. */
  camera(index = 0): CameraId {
    return CameraId.parse(`cam-${(letters[index] ?? "").repeat(16)}`);
  }

  /** What was done for viewers that could not decode, in order. */
  get repairs(): readonly { readonly repair: unknown; readonly at: number }[] {
    const lines = this.log.lines.filter(({ message }) => message === "WebRTC viewer's repair") as TimedLine[];
    return lines.map(({ fields: { repair }, at }) => ({ repair, at }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]();
    await this.streams[Symbol.asyncDispose]();
  }

  #endpoint(camera: CameraId): StreamEndpoint {
    const address = this.#cameras[letters.indexOf(camera.at(-1) ?? "")];
    if (address === undefined) throw new Error(`there is no camera ${camera}`);
    const { url, username, password } = address;
    const credentials = { username, password: Secret.of(password) };
    return { camera, tier: "main", url, credentials, pin: null, auth: { floor: "none", raise: () => undefined } };
  }
}
