// @ts-check
/** @import { LiveMessage } from "@gatehouse/shared" */
/** @import { Attempt, AttemptEvents, Ending } from "./live-attempt.js" */
import { play } from "./live-attempt.js";
import { follow, furtherBack, nearer, nearest } from "./live-edge.js";

/** Seconds of what was played already: so much is kept at most, and so much is left when it is cut. */
const keptSeconds = 30;
const leftSeconds = 10;
/** Bytes that wait for a decoder. One that is so far behind never comes back. */
const mostWaiting = 16 << 20;

/** @type {{ readonly MediaSource?: typeof MediaSource, readonly ManagedMediaSource?: typeof MediaSource }} */
const browser = globalThis;
/** Phones of Apple have the managed one alone. */
const Source = browser.MediaSource ?? browser.ManagedMediaSource;

export const hasMse = Source !== undefined;

/**
 * Watches a camera over a WebSocket, by Media Source Extensions.
 */
export class LiveByMse {
  tells = true;
  #video;
  #events;
  #socket;
  #opened = false;
  #over = false;
  /** @type {MediaSource | undefined} */
  #source;
  /** @type {SourceBuffer | undefined} */
  #buffer;
  /** @type {ArrayBuffer[]} */
  #waiting = [];
  #waitingBytes = 0;
  #live = false;
  /** Whether the browser plays nothing yet: it is not asked again with every picture. */
  #held = false;
  #distance = nearest;

  /**
   * @param {HTMLVideoElement} video
   * @param {{ readonly camera: string, readonly query: string }} of
   * @param {AttemptEvents} events
   */
  constructor(video, { camera, query }, events) {
    this.#video = video;
    this.#events = events;
    const url = new URL(`/v1/cameras/${camera}/live${query}`, location.href);
    url.protocol = "wss:";
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => (this.#opened = true);
    this.#socket.onmessage = ({ data }) => this.#take(data);
    this.#socket.onclose = () => this.#end({ kind: this.#opened ? "lost" : "unopened" });
    video.addEventListener("waiting", this.#ranDry);
  }

  end() {
    this.#over = true;
    this.#video.removeEventListener("waiting", this.#ranDry);
    // Browsers complain of a connection that is closed before it was there.
    if (this.#opened) this.#socket.close();
    else this.#socket.onopen = () => this.#socket.close();
    this.#source = undefined;
    this.#buffer = undefined;
    this.#waiting = [];
  }

  /** @param {Ending} ending */
  #end(ending) {
    if (this.#over) return;
    this.end();
    this.#events.over(ending);
  }

  /** @param {string | ArrayBuffer} data */
  #take(data) {
    if (this.#over) return;
    if (typeof data === "string") {
      this.#hear(/** @type {LiveMessage} */ (JSON.parse(data)));
      return;
    }
    this.#waiting.push(data);
    this.#waitingBytes += data.byteLength;
    if (this.#waitingBytes > mostWaiting) this.#end({ kind: "lost" });
    else this.#append();
  }

  /** @param {LiveMessage} message */
  #hear(message) {
    switch (message.kind) {
      case "start":
        this.#begin(message.mime);
        break;
      case "live":
        this.#live = true;
        this.#follow();
        break;
      case "end":
        this.#end({ kind: "told", error: message.error });
    }
  }

  /**
   * Another form of picture needs another decoder. What waits for the one before is not shown any more.
   * @param {string} mime
   */
  #begin(mime) {
    if (Source?.isTypeSupported(mime) !== true) {
      this.#end({ kind: "unplayable" });
      return;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#buffer = undefined;
    const source = new Source();
    this.#source = source;
    // The managed one plays only where nothing is sent on to another screen.
    this.#video.disableRemotePlayback = true;
    const url = URL.createObjectURL(source);
    this.#video.src = url;
    source.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(url);
      if (source === this.#source && this.#buffer === undefined) this.#open(source, mime);
    });
    this.#events.form(mime.includes(","));
  }

  /**
   * @param {MediaSource} source
   * @param {string} mime
   */
  #open(source, mime) {
    const buffer = source.addSourceBuffer(mime);
    this.#buffer = buffer;
    const isMine = () => buffer === this.#buffer;
    buffer.addEventListener("updateend", () => {
      if (!isMine()) return;
      this.#follow();
      this.#append();
    });
    buffer.addEventListener("error", () => {
      if (isMine()) this.#end({ kind: "unplayable" });
    });
    this.#append();
  }

  #append() {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.updating || this.#waiting.length === 0) return;
    try {
      if (this.#forget(buffer, keptSeconds, leftSeconds)) return;
      buffer.appendBuffer(joined(this.#waiting));
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#distance = nearer(this.#distance);
    } catch (error) {
      // A full buffer is made room in; all else means that the decoder gave up.
      const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
      if (!isFull || !this.#forget(buffer, 1, 1)) this.#end({ kind: "unplayable" });
    }
  }

  /**
   * Lets go of what was played. True where it now does so, and tells by another `updateend`.
   * @param {SourceBuffer} buffer
   * @param {number} most seconds that may be kept
   * @param {number} left seconds that then are
   */
  #forget(buffer, most, left) {
    const { buffered, currentTime } = this.#video;
    if (buffered.length === 0 || currentTime - buffered.start(0) <= most) return false;
    buffer.remove(0, currentTime - left);
    return true;
  }

  #follow() {
    const video = this.#video;
    const { buffered, currentTime } = video;
    const last = buffered.length - 1;
    if (last < 0) return;
    const { seek, rate } = follow({
      position: currentTime,
      start: buffered.start(last),
      end: buffered.end(last),
      distance: this.#distance,
      live: this.#live,
    });
    if (seek !== undefined) video.currentTime = seek;
    if (Math.abs(video.playbackRate - rate) > 0.02) video.playbackRate = rate;
    if (!video.paused) this.#held = false;
    else if (!this.#held) void play(video, this.#hold);
  }

  #hold = () => {
    this.#held = true;
    this.#events.held();
  };

  #ranDry = () => {
    if (this.#live && !this.#video.seeking) this.#distance = furtherBack(this.#distance);
  };
}

/** @param {readonly ArrayBuffer[]} parts */
const joined = (parts) => {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole;
};
