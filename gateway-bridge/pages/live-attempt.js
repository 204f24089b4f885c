// @ts-check
/** @import { WireError } from "@gatehouse/shared" */

/**
 * Why an attempt to watch is over: what the gateway said; or that the connection broke, never came about, or brought what this browser
 * cannot play.
 * @typedef {{ readonly kind: "told", readonly error: WireError["error"] } | { readonly kind: "lost" | "unopened" | "unplayable" }} Ending
 */

/**
 * What an attempt tells whoever made it.
 * @typedef {object} AttemptEvents
 * @property {(sound: boolean) => void} form something is about to be played, with sound or without
 * @property {() => void} held the browser plays nothing before the person did something
 * @property {(ending: Ending) => void} over once; nothing more comes
 */

/**
 * One connection over which a camera is watched.
 * @typedef {object} Attempt
 * @property {boolean} tells whether the gateway says over it when it ends, and why
 * @property {() => void} end closes it; nothing more is told
 */

/**
 * Plays, without sound where the browser allows none yet.
 * @param {HTMLVideoElement} video
 * @param {() => void} held called where it allows nothing at all
 * @returns {Promise<void>}
 */
export const play = async (video, held) => {
  try {
    await video.play();
  } catch (error) {
    // Anything else means that the picture was taken away meanwhile.
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    if (video.muted) {
      held();
      return;
    }
    video.muted = true;
    await play(video, held);
  }
};

/**
 * Takes every picture out of the element, those that were still to be played and the one that stands there.
 * @param {HTMLVideoElement} video
 */
export const empty = (video) => {
  video.srcObject = null;
  video.removeAttribute("src");
  video.load();
};
