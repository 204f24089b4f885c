import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-rtsp-server.py", import.meta.url));

export type GstVideo = "baseline" | "main" | "high" | "h265";
export type GstSound = "aac" | "l16" | "opus" | "pcma" | "pcmu";
/** `opus` is H.264 in aggregated packets (STAP-A) beside Opus; `talk-` mounts have H.264 and ONVIF's way back. */
export type GstMount = GstVideo | `${GstVideo}-${GstSound}` | "opus" | `talk-${"pcmu" | "pcma" | "l16"}`;

export interface GstServerOptions {
  readonly mounts: readonly GstMount[];
  /** What SETUP may ask for. Any unless told. */
  readonly transport?: "any" | "tcp" | "udp";
  /** Media is SRTP, keyed by MIKEY. */
  readonly srtp?: boolean;
  /** RTSPS with this certificate and key, PEM. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** A command that runs it as its own, such as one that puts it into another network. */
  readonly within?: readonly string[];
}

/** SHA-256 of each slice, for each picture of a clip, in order. */
export type ClipHashes = readonly (readonly string[])[];

interface Ready {
  readonly port: number;
  readonly clips: Partial<Readonly<Record<GstVideo, ClipHashes>>>;
  readonly sounds: Partial<Readonly<Record<GstSound, readonly string[]>>>;
}

interface Heard {
  readonly mount: GstMount;
  /** base64 */
  readonly heard: string;
}

/**
 * GStreamer's RTSP server with its Digest login (MD5 without qop). Each client is played clips from their beginning, in a loop: 25
 * pictures a second with a key picture each second, and frames of 20 ms (AAC: 1024 samples at 16 kHz).
 */
export class GstRtspServer implements AsyncDisposable {
  readonly username = "viewer";
  readonly password = "pass word";
  readonly #ready: Ready;
  readonly #scheme: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #heard = new Map<GstMount, Buffer[]>();

  private constructor(process: ChildProcessByStdio<Writable, Readable, null>, ready: Ready, scheme: string) {
    this.#process = process;
    this.#ready = ready;
    this.#scheme = scheme;
  }

  static async open(options: GstServerOptions): Promise<GstRtspServer> {
    const { mounts, transport = "any", srtp = false, tls, within = [] } = options;
    // Debian's own Python: no other has GStreamer's bindings.
    const [program, ...args] = [...within, "/usr/bin/python3", script];
    const process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const pem = tls === undefined ? null : `${tls.certificate}\n${tls.privateKey}`;
    process.stdin.write(`${JSON.stringify({ mounts, transport, srtp, tls: pem })}\n`);
    const lines = createInterface(process.stdout);
    const exited = once(process, "exit").then(([status]) => {
      throw new Error(`GStreamer's RTSP server ended with ${String(status)} before it was ready`);
    });
    const [line] = (await Promise.race([once(lines, "line"), exited])) as [string];
    exited.catch(() => undefined);
    const server = new GstRtspServer(process, JSON.parse(line) as Ready, tls === undefined ? "rtsp" : "rtsps");
    lines.on("line", (text) => server.#hear(JSON.parse(text) as Heard));
    return server;
  }

  /** The pictures that were encoded, in order. */
  clip(video: GstVideo): ClipHashes {
    const clip = this.#ready.clips[video];
    if (clip === undefined) throw new Error(`no mount has ${video}`);
    return clip;
  }

  /** SHA-256 of the frames that were encoded, in order. */
  sound(sound: GstSound): readonly string[] {
    const frames = this.#ready.sounds[sound];
    if (frames === undefined) throw new Error(`no mount has ${sound}`);
    return frames;
  }

  /** What was said to a mount so far. */
  heard(mount: GstMount): readonly Buffer[] {
    return this.#heard.get(mount) ?? [];
  }

  #hear({ mount, heard }: Heard): void {
    this.#heard.set(mount, this.#heard.get(mount) ?? []);
    this.#heard.get(mount)?.push(Buffer.from(heard, "base64"));
  }

  url(mount: GstMount): string {
    return `${this.#scheme}://127.0.0.1:${this.#ready.port}/${mount}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.stdin.end();
    await exited;
  }
}
