import {
  GatehouseError,
  stopped,
  toGatehouseError,
  toWireError,
  type Cancellable,
  type Clock,
  type Logger,
  type LiveMessage,
} from "@gatehouse/shared";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import { CodecMemory } from "../../media/codec-memory.ts";
import { formOf, playableSound, type Mp4Form } from "../../media/mp4-form.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import type { DecodeState } from "../../protocols/fmp4/decode-times.ts";
import { LiveSound } from "./live-sound.ts";
import type { LiveSocket } from "./live-socket.ts";
import { SharedFragments } from "./shared-fragments.ts";

export interface LiveFmp4Options {
  /** What the viewer can play: its picture, and its sound where that is AAC or Opus. */
  readonly stream: Stream;
  /** The same in codecs that the viewer can play, when the camera has come back with others; as it is unless told. */
  readonly again?: (cancel: Cancellable) => Promise<Stream>;
  readonly socket: LiveSocket;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once: nothing more is sent. `why` completes a log line. */
  readonly onGone?: (why: string) => void;
}

/** What may wait in the socket: more would show the viewer the past, and less leave a quick connection idle. */
const fullBytes = 256 * 1024;
const roomBytes = 128 * 1024;
/** A viewer that takes nothing for this long is not there any more. */
const stuckMs = 30_000;

/** RFC 6455 7.4.1, and 1013 of its registry. */
const closeCodes = { policy: 1008, failed: 1011, later: 1013 } as const;

/**
 * A browser that watches by Media Source Extensions: units of a Stream become fragments on a WebSocket, each with the stream's own
 * times. The stored GOP goes out as fast as the connection takes it; the player decodes it without showing it all, because it is told
 * where live is.
 */
export class Fmp4View implements Viewer, Disposable {
  readonly #options: LiveFmp4Options;
  readonly #leaving = new AbortController();
  #stream: Stream;
  #fragments: SharedFragments;
  #codecs: CodecMemory;
  #session: Session | undefined;
  /** By the sessions before. */
  #dropped = 0;
  #form: Mp4Form | undefined;
  #sound: LiveSound | undefined;
  #decoding: DecodeState | undefined;
  #toldLive = false;
  #full = false;
  #stuck: Disposable | undefined;
  #over = false;

  private constructor(options: LiveFmp4Options) {
    const { stream, socket } = options;
    this.#options = options;
    this.#stream = stream;
    this.#fragments = SharedFragments.of(stream);
    this.#codecs = new CodecMemory(stream);
    socket.on("close", () => this.#gone("the viewer left"));
    socket.on("error", (error) => this.#gone(error.message));
    socket.on("message", this.#refuse);
  }

  /** Takes over a socket, and waits for the camera: what it fails with is told to the viewer. Never throws. */
  static open(options: LiveFmp4Options): Fmp4View {
    const view = new Fmp4View(options);
    void view.#begin(async () => options.stream);
    return view;
  }

  /** Units that did not go out in time. */
  get dropped(): number {
    return this.#dropped + (this.#session?.dropped ?? 0);
  }

  write(unit: AccessUnit): boolean {
    if (this.#codecs.outdated) {
      this.#goOver();
      return false;
    }
    if (unit.kind === "audio") this.#hear(unit);
    else this.#show(unit);
    if (this.#over) return false;
    this.#tellLive();
    this.#full = this.#options.socket.bufferedAmount > fullBytes;
    if (this.#full) this.#stuck ??= this.#options.clock.schedule(stuckMs, () => this.#giveUp());
    return !this.#full;
  }

  end(error: GatehouseError): void {
    if (this.#over) return;
    this.#tell({ kind: "end", ...toWireError(error) });
    this.#options.socket.close(error.retry === "later" ? closeCodes.later : closeCodes.failed, error.code);
    this.#gone(error.message);
  }

  /** The viewer may not watch any more: it is told so, unless pictures wait that it would get before. */
  cut(why: string): void {
    if (this.#over) return;
    if (this.#options.socket.bufferedAmount === 0) {
      this.end(new GatehouseError("access-denied", `This client may not watch any more: ${why}.`));
      return;
    }
    this.#options.socket.terminate();
    this.#gone(why);
  }

  /** The gateway closes the view. */
  [Symbol.dispose](): void {
    this.end(new GatehouseError("stream-ended", "The gateway closed the live view."));
  }

  async #begin(choose: (cancel: Cancellable) => Promise<Stream>): Promise<void> {
    const { signal } = this.#leaving;
    try {
      const stream = await choose({ signal });
      await stream.ready({ signal });
      if (this.#over) return;
      this.#stream = stream;
      this.#fragments = SharedFragments.of(stream);
      this.#codecs = new CodecMemory(stream);
      this.#session = stream.join(this);
      this.#session.resume();
    } catch (error) {
      this.end(toGatehouseError(error));
    }
  }

  /** The camera has come back with other codecs: the viewer goes on with what can be made of them, or is told why not. */
  #goOver(): void {
    const { again = async () => this.#stream } = this.#options;
    this.#dropped += this.#session?.dropped ?? 0;
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
    void this.#begin(again);
  }

  #show(unit: VideoUnit): void {
    const { codec = "h264" } = this.#stream.video ?? {};
    if (unit.key && !this.#announce(unit, codec)) return;
    if (this.#form === undefined) return;
    const { bytes, next } = this.#fragments.picture(unit, this.#form, this.#decoding);
    this.#decoding = next;
    this.#send(bytes);
    const silence = this.#sound?.keepUp(unit.timestamp / 90, unit.arrivedAt) ?? [];
    for (const fragment of silence) this.#send(fragment);
  }

  /** Tells the viewer what comes from this key picture on, if that changed. False when the viewer had to be let go. */
  #announce(unit: VideoUnit, codec: Mp4Form["codec"]): boolean {
    const form = formOf(unit, { codec, audio: playableSound(this.#stream.audio) }, this.#form);
    if (form === this.#form && form !== undefined) return true;
    if (form === undefined) {
      this.#session?.end(new GatehouseError("codec-unsupported", "The camera's parameter sets cannot be read."));
      return false;
    }
    const { mime, picture, bytes } = form.init;
    const { width, height } = picture;
    this.#form = form;
    this.#sound = form.audio && new LiveSound(form.audio);
    this.#options.log.debug("live view starts", { mime, width, height });
    this.#tell({ kind: "start", mime, width, height });
    this.#send(bytes);
    return true;
  }

  #hear(unit: AudioUnit): void {
    for (const fragment of this.#sound?.take(unit) ?? []) this.#send(fragment);
  }

  #tellLive(): void {
    if (this.#toldLive || this.#session?.pending.units !== 0) return;
    this.#toldLive = true;
    const position = this.#stream.positionAt(this.#options.clock.monotonic()) / 1_000;
    this.#tell({ kind: "live", position });
  }

  #tell(message: LiveMessage): void {
    this.#send(JSON.stringify(message));
  }

  #send(data: string | Buffer): void {
    if (!this.#over) this.#options.socket.send(data, this.#sent);
  }

  /** The system took what was sent. */
  readonly #sent = (error?: Error | null): void => {
    if (this.#over) return;
    if (error !== undefined && error !== null) this.#gone(error.message);
    else if (this.#full && this.#options.socket.bufferedAmount <= roomBytes) {
      this.#full = false;
      this.#stuck?.[Symbol.dispose]();
      this.#stuck = undefined;
      this.#session?.resume();
    }
  };

  readonly #refuse = (): void => {
    this.#options.socket.close(closeCodes.policy, "viewers send nothing here");
    this.#gone("it sent something");
  };

  #giveUp(): void {
    this.#options.socket.terminate();
    this.#gone(`it took nothing for ${stuckMs / 1_000} s`);
  }

  #gone(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#stuck?.[Symbol.dispose]();
    this.#leaving.abort(stopped("closed"));
    this.#options.socket.off("message", this.#refuse);
    this.#options.log.info("live view ends", { why, dropped: this.dropped });
    this.#session?.[Symbol.dispose]();
    this.#options.onGone?.(why);
  }
}
