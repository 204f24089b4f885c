import { GatehouseError, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import type { Ffmpeg } from "./ffmpeg.ts";
import { FfmpegRun } from "./ffmpeg-run.ts";
import { SpareRuns } from "./spare-runs.ts";

export interface KeyPicture {
  readonly codec: VideoCodec;
  /** With its parameter sets. */
  readonly unit: Pick<VideoUnit, "nals">;
  /** Pixels of the JPEG; smaller pictures stay as they are. The height follows. */
  readonly width?: number | undefined;
}

const startCode = Buffer.from([0, 0, 0, 1]);
const formats: Readonly<Record<VideoCodec, string>> = { h264: "h264", h265: "hevc" };
const deadlineMs = 5_000;
const longestJpeg = 10 * 1024 * 1024;
const widest = 8_192;
const atOnce = 2;
const mostWaiting = 32;

export interface KeyPictureDecoderOptions {
  readonly ffmpeg: Pick<Ffmpeg, "found">;
  readonly clock: Clock;
}

/** Makes JPEGs of key pictures, two at once at most. */
export class KeyPictureDecoder implements AsyncDisposable {
  readonly #ffmpeg: Pick<Ffmpeg, "found">;
  readonly #spares: SpareRuns;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({ ffmpeg, clock }: KeyPictureDecoderOptions) {
    this.#ffmpeg = ffmpeg;
    const begin = (command: readonly string[]): FfmpegRun => new FfmpegRun({ command, maxOutput: longestJpeg, clock });
    this.#spares = new SpareRuns({ begin, clock });
  }

  /**
   * The picture as a JPEG of at most 10 MB, within 5 s of its turn.
   * @throws GatehouseError `transcoder-missing`, `transcode-failed`, `timeout`, or `too-many-requests`
   */
  async decodeToJpeg(picture: KeyPicture, cancel: Cancellable): Promise<Buffer> {
    using _turn = await this.#turn(cancel);
    const found = await this.#ffmpeg.found(cancel);
    const command = found.command(jpegArguments(picture));
    await using run = this.#spares.take(command);
    const input = Buffer.concat(picture.unit.nals.flatMap((nal) => [startCode, nal]));
    const jpeg = await run.finish({ input, ms: deadlineMs }, cancel);
    if (jpeg.length < 4 || jpeg.readUInt16BE(0) !== 0xffd8)
      throw new GatehouseError("transcode-failed", "ffmpeg made no picture of the camera's key picture.");
    this.#spares.keep(command);
    return jpeg;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spares[Symbol.asyncDispose]();
  }

  async #turn({ signal }: Cancellable): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mostWaiting)
        throw new GatehouseError("too-many-requests", "Too many still pictures are wanted at once.");
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const next = (): void => resolve(undefined);
      this.#waiting.push(next);
      try {
        await untilAborted(signal, promise);
      } catch (error) {
        const at = this.#waiting.indexOf(next);
        // The turn came together with the end: hand it on.
        if (at < 0) this.#next();
        else this.#waiting.splice(at, 1);
        throw error;
      }
    } else this.#running += 1;
    return { [Symbol.dispose]: () => this.#next() };
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

const jpegArguments = ({ codec, width }: KeyPicture): readonly string[] => {
  const scale = width === undefined ? "" : `scale=min(iw\\,${evenWidth(width)}):-2,`;
  return [
    ...["-hide_banner", "-nostdin", "-v", "error", "-threads", "1"],
    ...["-protocol_whitelist", "pipe", "-probesize", "32", "-analyzeduration", "0"],
    ...["-f", formats[codec], "-i", "pipe:0", "-frames:v", "1"],
    ...["-vf", `${scale}format=yuvj420p`, "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", "pipe:1"],
  ];
};

const evenWidth = (width: number): number => {
  if (!Number.isInteger(width) || width < 16 || width > widest)
    throw new GatehouseError("request-invalid", `A picture is between 16 and ${widest} pixels wide.`);
  return width - (width % 2);
};
