import {
  GatehouseError,
  toGatehouseError,
  untilAborted,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";
import { readdir, realpath } from "node:fs/promises";

import type { TranscodingAbility } from "../rendition/rendition-policy.ts";
import { findExecutable } from "./executable.ts";
import { FfmpegProcess, type FfmpegProcessOptions } from "./ffmpeg-process.ts";
import { runFfmpeg } from "./ffmpeg-run.ts";
import { readAbility, type FfmpegAbility, type UsedEncoder } from "./probe.ts";
import {
  confines,
  missingLayers,
  sandboxesOf,
  unconfined,
  type MissingLayer,
  type Sandbox,
  type SandboxLayer,
} from "./sandbox-policy.ts";
import { pictureEncoders, testEncode, type PictureEncoder } from "./picture-encoders.ts";

export interface FfmpegOptions {
  /** The program, by its absolute path or its name; `ffmpeg` unless told. */
  readonly file?: string | undefined;
  /** Folders as in PATH. */
  readonly searchPath: string;
  /** Runs it in the strongest sandbox that works, be it none at all. Without this it must be kept from network and files. */
  readonly unsandboxed?: boolean | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the gateway knows of its transcoder. */
export interface FfmpegStatus {
  readonly available: boolean;
  /** Undefined where none is available. */
  readonly version: string | undefined;
  /** How H.264 is made: `libx264`, or with the box's hardware; undefined where it cannot be. */
  readonly h264Encoder: UsedEncoder | undefined;
  /** What its sandbox keeps from it. */
  readonly sandbox: readonly SandboxLayer[];
  readonly missing: readonly MissingLayer[];
  /** Why there is none, in a sentence. */
  readonly reason: string | undefined;
}

/** An ffmpeg that was found and tried. */
export interface FoundFfmpeg extends FfmpegAbility {
  readonly sandbox: Sandbox;
  readonly picture: PictureEncoder | undefined;
  /** The command line that runs it with these arguments. */
  readonly command: (args: readonly string[], devices?: readonly string[]) => readonly string[];
}

/** What runs for as long as somebody watches. */
export type LastingWork = "picture" | "sound";

/** What may run at once. Pictures take a third of a core and 100 MB each on a quick box, sound a hundredth and 50 MB. */
const atOnce: Readonly<Record<LastingWork, number>> = { picture: 4, sound: 24 };

const probeMs = 10_000;
const longestListing = 1024 * 1024;

type Probe = { readonly found: FoundFfmpeg } | { readonly reason: string };

/** The box's ffmpeg, looked for and tried once, when it is first needed. Everything runs in the strongest sandbox that works, or not at all. */
export class Ffmpeg {
  readonly #options: FfmpegOptions;
  #probe: Promise<Probe> | undefined;
  readonly #running: Record<LastingWork, number> = { picture: 0, sound: 0 };

  private constructor(options: FfmpegOptions) {
    this.#options = options;
  }

  static create(options: FfmpegOptions): Ffmpeg {
    return new Ffmpeg(options);
  }

  async status(cancel: Cancellable): Promise<FfmpegStatus> {
    const probe = await this.#probed(cancel);
    if ("reason" in probe) {
      const { reason } = probe;
      return { available: false, version: undefined, h264Encoder: undefined, sandbox: [], missing: [], reason };
    }
    const { version, sandbox, picture } = probe.found;
    const missing = missingLayers(sandbox);
    const h264Encoder = picture?.encoder;
    return { available: true, version, h264Encoder, sandbox: sandbox.layers, missing, reason: undefined };
  }

  async ability(cancel: Cancellable): Promise<TranscodingAbility> {
    const probe = await this.#probed(cancel);
    if ("reason" in probe) return { h264: false, opus: false, aac: false };
    const { encoders, picture } = probe.found;
    return { h264: picture !== undefined, opus: encoders.has("libopus"), aac: encoders.has("aac") };
  }

  /** @throws GatehouseError `transcoder-missing` */
  async found(cancel: Cancellable): Promise<FoundFfmpeg> {
    const probe = await this.#probed(cancel);
    if ("reason" in probe) throw new GatehouseError("transcoder-missing", probe.reason);
    return probe.found;
  }

  /**
   * Starts one that lasts; its owner disposes of it.
   * @throws GatehouseError `transcoder-missing`, or `too-many-sessions` where the box has enough to do
   */
  async start(
    args: readonly string[],
    options: Omit<FfmpegProcessOptions, "command" | "clock"> & {
      readonly work: LastingWork;
      readonly devices?: readonly string[];
    },
    cancel: Cancellable,
  ): Promise<FfmpegProcess> {
    const { command } = await this.found(cancel);
    cancel.signal.throwIfAborted();
    const { work, devices, ...rest } = options;
    if (this.#running[work] >= atOnce[work]) {
      throw new GatehouseError("too-many-sessions", `The gateway transcodes ${atOnce[work]} ${work}s already.`);
    }
    const started = new FfmpegProcess({ ...rest, clock: this.#options.clock, command: command(args, devices) });
    this.#running[work] += 1;
    void started.exited.then(() => (this.#running[work] -= 1));
    return started;
  }

  /** The probe goes on for others where one who waits leaves. */
  async #probed({ signal }: Cancellable): Promise<Probe> {
    this.#probe ??= this.#look();
    return await untilAborted(signal, this.#probe);
  }

  async #look(): Promise<Probe> {
    const { log } = this.#options;
    const probe = await this.#find().catch((error: unknown) => {
      // A box that is too busy to answer is asked again.
      this.#probe = undefined;
      return { reason: toGatehouseError(error).message };
    });
    if ("reason" in probe) {
      log.warn("there is no transcoder", { reason: probe.reason });
      return probe;
    }
    const { version, sandbox, picture } = probe.found;
    log.info("found a transcoder", { version, sandbox: sandbox.name, h264: picture?.encoder });
    for (const { layer, remedy } of missingLayers(sandbox))
      log.warn("the transcoder's sandbox lacks a layer", { layer, remedy });
    return probe;
  }

  async #find(): Promise<Probe> {
    const { file = "ffmpeg", searchPath, unsandboxed = false } = this.#options;
    const program = await findExecutable(file, searchPath);
    if (program === undefined) return { reason: `There is no program ${file} on this box.` };
    const resolved = await realpath(program);
    const files = resolved.startsWith("/usr/") ? [] : [resolved];
    const [bwrap, unshare, prlimit] = await Promise.all(
      ["bwrap", "unshare", "prlimit"].map((tool) => findExecutable(tool, searchPath)),
    );
    for (const sandbox of sandboxesOf({ bwrap, unshare, prlimit })) {
      const command: FoundFfmpeg["command"] = (args, devices = []) =>
        sandbox.wrap([resolved, ...args], { files, devices });
      const ability = await this.#try(command);
      if (ability === undefined) continue;
      if (!unsandboxed && !confines(sandbox)) return { reason: `The program ${resolved} is not run. ${unconfined}` };
      const picture = await this.#choosePictureEncoder(ability, command);
      return { found: { ...ability, sandbox, command, picture } };
    }
    return { reason: `The program ${resolved} does not run as an ffmpeg.` };
  }

  /** Undefined where it does not run so. */
  async #try(command: FoundFfmpeg["command"]): Promise<FfmpegAbility | undefined> {
    const ask = async (question: string): Promise<string> => {
      const options = { input: Buffer.alloc(0), maxOutput: longestListing, ms: probeMs, clock: this.#options.clock };
      const answer = await runFfmpeg({ ...options, command: command(["-hide_banner", question]) }, notCancelled);
      return answer.toString("latin1");
    };
    try {
      return readAbility(await ask("-version"), await ask("-encoders"));
    } catch (error) {
      // To be slow is no reason for a weaker sandbox.
      if (toGatehouseError(error).code === "timeout") throw error;
      this.#options.log.debug("ffmpeg does not run so", { program: command([])[0], error: String(error) });
      return undefined;
    }
  }

  /** The box's hardware where an encode succeeds with it. */
  async #choosePictureEncoder(
    ability: FfmpegAbility,
    command: FoundFfmpeg["command"],
  ): Promise<PictureEncoder | undefined> {
    const { clock } = this.#options;
    for (const encoder of pictureEncoders(await listDevices()))
      if (ability.encoders.has(encoder.encoder) && (await testEncode({ encoder, ability, command, clock })))
        return encoder;
    return undefined;
  }
}

/** The probe belongs to nobody who asks for it; it ends by its own deadlines. */
const notCancelled: Cancellable = { signal: new AbortController().signal };

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};

const listDevices = async (): Promise<readonly string[]> => [
  ...(await namesIn("/dev/dri")).filter((name) => /^renderD\d+$/.test(name)).map((name) => `/dev/dri/${name}`),
  // The codec of a Raspberry Pi; lower numbers are webcams, which are nobody's business here.
  ...(await namesIn("/dev")).filter((name) => /^video1\d$/.test(name)).map((name) => `/dev/${name}`),
];
