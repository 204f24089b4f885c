// @ts-check

/** What a link brings to be let in by; it works once. */
/** @typedef {"first-run" | "invite" | "guest"} Purpose */
/** @typedef {"cameras" | "camera" | "people" | "security"} Place */
/**
 * @typedef {{ readonly kind: "secret", readonly purpose: Purpose, readonly secret: string }
 *   | { readonly kind: "place", readonly place: Place, readonly id: string }} Fragment
 */

/** @type {readonly string[]} */
const purposes = ["first-run", "invite", "guest"];
/** @type {readonly string[]} */
const places = ["cameras", "camera", "people", "security"];

/**
 * What an address asks for behind its `#`: `#invite=...` and its like, or `#/camera/cam-...`. What is none of these asks for the cameras.
 *
 * @param {string} hash as `location.hash` has it
 * @returns {Fragment}
 */
export const parseFragment = (hash) => {
  const [, purpose = "", secret = ""] = /^#([a-z-]+)=([\w -]{1,128})$/.exec(hash) ?? [];
  if (purposes.includes(purpose)) return { kind: "secret", purpose: /** @type {Purpose} */ (purpose), secret };
  const [, place = "", id = ""] = /^#\/([a-z]+)(?:\/([a-z0-9-]{1,64}))?$/.exec(hash) ?? [];
  if (!places.includes(place) || (place === "camera") !== (id !== ""))
    return { kind: "place", place: "cameras", id: "" };
  return { kind: "place", place: /** @type {Place} */ (place), id };
};

/**
 * The link that lets somebody in. The secret lies behind the `#`, which browsers keep to themselves.
 *
 * @param {string} origin
 * @param {Purpose} purpose
 * @param {string} secret
 */
export const linkOf = (origin, purpose, secret) => `${origin}/#${purpose}=${secret}`;
