// @ts-check
/** @import { PictureState } from "./live-picture.js" */
import { h, newId, replace } from "./elements.js";
import { LivePicture } from "./live-picture.js";
import { explain } from "./words.js";

/** @typedef {{ readonly id: string, readonly name: string, readonly byGuest: boolean }} Watched a camera, and whether a guest watches it */

/**
 * Shows one camera's live picture, and says how it stands with it.
 *
 * @param {Element} root what it holds is replaced
 * @param {Watched} watched
 * @param {(why: "left" | "signed-out") => void} done the viewer wants to go elsewhere
 * @returns {{ readonly end: () => void }} takes the picture away
 */
export const showLive = (root, watched, done) => {
  const view = new LiveView(watched, done);
  replace(root, view.element);
  view.begin();
  return view;
};

/** @type {Readonly<Record<Exclude<PictureState["kind"], "waiting" | "ended">, string>>} */
const words = {
  connecting: "Connecting",
  live: "Live",
  silent: "The camera sends no picture, waiting for it",
  held: "Your browser shows the picture when you ask for it",
  hidden: "Paused while this page is hidden",
};

/** Beside those that begin with `camera-`: what a camera that is away is told by. */
const away = new Set(["timeout", "stream-ended"]);

/** @param {Extract<PictureState, { kind: "waiting" }>} state */
const wordsWhileWaiting = (state) => {
  if (state.why !== "told") {
    return state.why === "connection"
      ? "The connection broke, connecting again"
      : "The gateway does not answer, trying again";
  }
  const { code } = state.error;
  const isAway = code.startsWith("camera-") || away.has(code);
  return isAway ? "Camera is away, trying again" : `${explain(state.error).text} Trying again`;
};

/**
 * @param {Extract<PictureState, { kind: "ended" }>} state
 * @param {boolean} byGuest
 */
const wordsAtTheEnd = (state, byGuest) => {
  if (state.why === "fault") {
    const { text, remedy } = explain(state.error);
    return `${text} ${remedy}`.trim();
  }
  return state.why === "rights" || byGuest
    ? "The owner has ended your view"
    : "The owner has ended your view, or you signed out elsewhere";
};

/**
 * @param {PictureState} state
 * @param {boolean} byGuest
 */
const wordsFor = (state, byGuest) => {
  if (state.kind === "waiting") return wordsWhileWaiting(state);
  return state.kind === "ended" ? wordsAtTheEnd(state, byGuest) : words[state.kind];
};

class LiveView {
  element;
  #watched;
  #video = h("video", { playsinline: true, disablepictureinpicture: true });
  #status = h("p", { class: "live-status", role: "status" });
  #start = h("button", { type: "button", hidden: true, onclick: () => this.#picture?.resume() }, "Show the picture");
  #retry = h("button", { type: "button", hidden: true, onclick: () => this.#picture?.retry() }, "Try again");
  #signIn;
  #sound = h("button", { type: "button", hidden: true, onclick: () => this.#toggleSound() }, "Sound");
  #large = h("button", { type: "button", onclick: () => void this.#toggleLarge() }, "Full screen");
  #frame = h("div", { class: "live-picture" }, this.#video, this.#status);
  /** @type {LivePicture | undefined} */
  #picture;

  /**
   * @param {Watched} watched
   * @param {(why: "left" | "signed-out") => void} done
   */
  constructor(watched, done) {
    this.#watched = watched;
    const video = this.#video;
    video.muted = true;
    video.setAttribute("aria-label", `Live picture of ${watched.name}`);
    video.addEventListener("volumechange", () => this.#sound.setAttribute("aria-pressed", String(!video.muted)));
    this.#sound.setAttribute("aria-pressed", "false");
    this.#signIn = h("button", { type: "button", hidden: true, onclick: () => done("signed-out") }, "Sign in");
    const back = h("button", { type: "button", onclick: () => done("left") }, "All cameras");
    const heading = newId();
    this.element = h(
      "section",
      { class: "live", "aria-labelledby": heading },
      h("h1", { id: heading, tabindex: -1 }, watched.name),
      this.#frame,
      h("div", { class: "buttons" }, this.#start, this.#retry, this.#signIn, this.#sound, this.#large, back),
    );
  }

  /** Its element must be on the page: the picture is asked for in the size in which it is shown. */
  begin() {
    this.#picture = new LivePicture(this.#video, this.#watched.id, {
      state: (state) => this.#tell(state),
      sound: (has) => (this.#sound.hidden = !has),
    });
  }

  end() {
    this.#picture?.end();
    this.element.remove();
  }

  /** @param {PictureState} state */
  #tell(state) {
    const text = wordsFor(state, this.#watched.byGuest);
    // Said once, not again with each attempt.
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#frame.dataset["state"] = state.kind;
    const ended = state.kind === "ended";
    // A guest came by a link, is signed in nowhere else, and cannot sign in anew.
    const signedOut = ended && state.why === "login" && !this.#watched.byGuest;
    this.#start.hidden = state.kind !== "held";
    this.#retry.hidden = !ended || signedOut;
    this.#signIn.hidden = !signedOut;
    if (ended) this.#sound.hidden = true;
    this.#large.hidden = ended || !document.fullscreenEnabled;
  }

  #toggleSound() {
    this.#video.muted = !this.#video.muted;
  }

  async #toggleLarge() {
    if (document.fullscreenElement === null) await this.#frame.requestFullscreen();
    else await document.exitFullscreen();
  }
}
