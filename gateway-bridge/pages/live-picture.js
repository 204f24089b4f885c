// @ts-check
/** @import { Attempt, Ending } from "./live-attempt.js" */
/** @import { Permission } from "./live-permission.js" */
import { empty, play } from "./live-attempt.js";
import { hasMse, LiveByMse } from "./live-by-mse.js";
import { hasWebRtc, LiveByWhep } from "./live-by-whep.js";
import { askPermission, permissionAfter } from "./live-permission.js";

/**
 * How it stands with a picture.
 * @typedef {{ readonly kind: "connecting" | "live" | "silent" | "held" | "hidden" }
 *   | Waiting
 *   | Extract<Permission, { kind: "ended" }>} PictureState
 */

/**
 * What stands against it for now: what the gateway told, that the connection broke, or that nobody answers.
 * @typedef {{ readonly kind: "waiting", readonly why: "connection" | "gateway" }
 *   | { readonly kind: "waiting", readonly why: "told", readonly error: Extract<Ending, { kind: "told" }>["error"] }} Waiting
 */

/** Nobody's fault but the browser's. */
const unable = {
  code: "page",
  message: "This browser plays no live pictures.",
  remedy: "Use a newer one.",
  details: {},
};

/**
 * ms without a picture after which it is asked whether there may be one at all, the one that stands there is no longer called live,
 * and the connection is no longer trusted.
 */
const doubtMs = 400;
const silentMs = 3_000;
const brokenMs = 20_000;
const lookMs = 100;
/** ms before the next attempts; and how long one must have lasted to be thought good. */
const pauses = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
const goodMs = 10_000;

/** A camera's live picture in a video element: it is kept going for as long as its viewer may see it, and taken away at once after. */
export class LivePicture {
  #video;
  #camera;
  #show;
  /** @type {PictureState["kind"]} */
  #kind = "hidden";
  /** @type {Attempt | undefined} */
  #attempt;
  #byWhep = !hasMse;
  #begunAt = 0;
  #frameAt = 0;
  /** ms between pictures, the longest of late: a camera that sends few is not to be asked about after each. */
  #usualGap = 0;
  #doubted = false;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;
  /** Aborts what belongs to the picture, and what belongs to one attempt. */
  #leaving = new AbortController();
  #asking = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {string} camera its id
   * @param {{ readonly state: (state: PictureState) => void, readonly sound: (has: boolean) => void }} show
   */
  constructor(video, camera, show) {
    this.#video = video;
    this.#camera = camera;
    this.#show = show;
    const { signal } = this.#leaving;
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
    addEventListener("online", () => this.#pause !== undefined && this.#connect(), { signal });
    const looking = setInterval(() => this.#look(), lookMs);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#watchFrames();
    this.#onVisibility();
  }

  /** Tries once more, whatever stood against it before. */
  retry() {
    this.#failures = 0;
    this.#connect();
  }

  /** Goes on after the browser waited for somebody to want it. */
  resume() {
    this.#frameAt = performance.now();
    this.#state({ kind: "connecting" });
    void play(this.#video, () => this.#state({ kind: "held" }));
  }

  end() {
    this.#leaving.abort();
    this.#stop();
  }

  #onVisibility() {
    if (this.#kind === "ended") return;
    if (document.visibilityState === "hidden") {
      this.#stop();
      this.#state({ kind: "hidden" });
    } else if (this.#attempt === undefined) this.#connect();
  }

  #connect() {
    this.#stop();
    if (!hasMse && !hasWebRtc) {
      this.#state({ kind: "ended", why: "fault", error: unable });
      return;
    }
    this.#state({ kind: "connecting" });
    this.#begunAt = this.#frameAt = performance.now();
    this.#usualGap = 0;
    const Way = this.#byWhep ? LiveByWhep : LiveByMse;
    const of = { camera: this.#camera, query: this.#query };
    const attempt = new Way(this.#video, of, {
      form: (sound) => this.#show.sound(sound),
      held: () => this.#state({ kind: "held" }),
      over: (ending) => void this.#lose(ending),
    });
    this.#attempt = attempt;
  }

  /** How large the picture is shown, so that a phone is not sent what only a television shows. */
  get #query() {
    // Before it is laid out, as wide as it can get.
    const width = this.#video.clientWidth || innerWidth;
    return `?width=${Math.round(width * devicePixelRatio)}`;
  }

  /** Whatever ended: nothing of it stays on the screen. */
  #stop() {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#asking.abort();
    this.#attempt?.end();
    this.#attempt = undefined;
    empty(this.#video);
  }

  /** @param {Ending} ending */
  async #lose(ending) {
    const lasted = performance.now() - this.#begunAt > goodMs;
    this.#failures = lasted ? 1 : this.#failures + 1;
    this.#stop();
    const asking = new AbortController();
    this.#asking = asking;
    const waiting = waitingAfter(ending);
    this.#state(waiting);
    const permission = permissionAfter(ending) ?? (await askPermission(this.#camera, asking.signal));
    if (asking.signal.aborted) return;
    if (permission.kind === "ended") {
      this.#state(permission);
      return;
    }
    const answers = permission.kind === "granted";
    if (answers && (ending.kind === "unopened" || ending.kind === "unplayable")) this.#tryOtherWay();
    this.#pauseFor(answers ? waiting : { kind: "waiting", why: "gateway" });
  }

  /** What does not come about by one way, while the gateway answers, may by the other. */
  #tryOtherWay() {
    this.#byWhep = hasWebRtc && !(hasMse && this.#byWhep);
  }

  /** @param {Waiting} waiting */
  #pauseFor(waiting) {
    this.#state(waiting);
    const pause = pauses[Math.min(this.#failures, pauses.length) - 1];
    this.#pause = setTimeout(() => this.#connect(), pause);
  }

  #watchFrames() {
    const video = this.#video;
    const onFrame = () => {
      if (this.#leaving.signal.aborted) return;
      if (this.#attempt !== undefined) this.#onFrame();
      video.requestVideoFrameCallback(onFrame);
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(onFrame);
    else /** @type {HTMLVideoElement} */ (video).addEventListener("timeupdate", () => this.#attempt && this.#onFrame());
  }

  #onFrame() {
    // The first picture of what is not played stands still.
    if (this.#video.paused) return;
    const now = performance.now();
    if (this.#kind === "live") this.#usualGap = Math.max(now - this.#frameAt, this.#usualGap * 0.95);
    this.#frameAt = now;
    this.#doubted = false;
    if (this.#kind !== "live") this.#state({ kind: "live" });
  }

  /** Notices that no pictures come over a connection that stands. */
  #look() {
    if (this.#attempt === undefined || this.#kind === "held") return;
    const without = performance.now() - this.#frameAt;
    if (without > brokenMs) void this.#lose({ kind: "lost" });
    else if (without > silentMs && this.#kind !== "silent") this.#state({ kind: "silent" });
    else if (this.#kind === "live" && without > Math.max(doubtMs, 2 * this.#usualGap)) void this.#doubt();
  }

  /** The last picture must not stand for longer than there is a right to it, where nobody says when that ends. */
  async #doubt() {
    const attempt = this.#attempt;
    if (this.#doubted || attempt?.tells !== false) return;
    this.#doubted = true;
    const permission = await askPermission(this.#camera, this.#leaving.signal);
    if (permission.kind !== "ended" || attempt !== this.#attempt) return;
    this.#stop();
    this.#state(permission);
  }

  /** @param {PictureState} state */
  #state(state) {
    this.#kind = state.kind;
    this.#show.state(state);
  }
}

/**
 * @param {Ending} ending
 * @returns {Waiting}
 */
const waitingAfter = (ending) =>
  ending.kind === "told"
    ? { kind: "waiting", why: "told", error: ending.error }
    : { kind: "waiting", why: "connection" };
