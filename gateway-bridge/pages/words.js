// @ts-check

import { span } from "./dates.js";

/** What happened, and what to do about it. */
/** @typedef {{ readonly text: string, readonly remedy: string }} Words */
/** @typedef {{ readonly code: string, readonly message: string, readonly remedy: string, readonly details: Readonly<Record<string, unknown>> }} Refusal */

/** What people are told in a browser; the gateway's own words are for its command line. */
/** @type {Readonly<Record<string, Words>>} */
const known = {
  unreachable: {
    text: "The gateway does not answer.",
    remedy: "Check that this device is in the home's network, and that the gateway is switched on. Then try again.",
  },
  internal: { text: "Something in the gateway went wrong.", remedy: "Try again; its log says what it was." },
  unauthenticated: { text: "You are not signed in any more.", remedy: "Sign in again." },
  declined: { text: "Nothing was changed.", remedy: "" },
  "access-denied": { text: "You may not do this, or not from here.", remedy: "Ask whoever looks after the gateway." },
  "sign-in-refused": {
    text: "That did not let you in.",
    remedy: "Check the name, the password and the code. A code works once, and for 30 seconds.",
  },
  "step-up-required": { text: "This needs you to show once more who you are.", remedy: "Try again." },
  "first-run-done": { text: "This gateway has its owner already.", remedy: "Sign in, or ask to be invited." },
  "name-taken": { text: "Somebody has this name for signing in already.", remedy: "Choose another one." },
  "code-refused": {
    text: "That is not the code of now.",
    remedy:
      "Type the six digits that your app shows at this moment. If they never work, the clock of your phone or of the gateway is wrong.",
  },
  "passkey-declined": {
    text: "Your device showed no passkey.",
    remedy: "You or the device stopped it, or it took too long. Try again, or use the password.",
  },
  "passkey-known": {
    text: "This device has a passkey for you already.",
    remedy: "Sign in with that one, or use another device.",
  },
  "passkey-refused": {
    text: "The gateway did not take this passkey.",
    remedy: "Ask your device once more: it has two minutes, and must ask who you are.",
  },
  "passkeys-need-a-name": {
    text: "Browsers keep passkeys for a name, not for an address.",
    remedy: "Open the gateway by its name, or use the password.",
  },
  "last-factor": {
    text: "You could not sign in any more without it.",
    remedy: "Set up another way to sign in first. Whoever looks after the gateway needs two proofs.",
  },
  "guest-link-invalid": {
    text: "This link was used, has ended, or was taken back.",
    remedy: "Ask for another one. Each works once, in one browser.",
  },
  "clock-wrong": {
    text: "The gateway does not know what time it is, so codes of an app say nothing.",
    remedy: "Use a passkey or a recovery code, and set the clock of the gateway's box.",
  },
  "last-owner": {
    text: "Nobody else could look after the gateway then.",
    remedy: "Give somebody else everything first.",
  },
  "too-many-requests": { text: "That was a lot in a short time.", remedy: "Wait a minute, then try again." },
  "audit-unwritable": {
    text: "The gateway cannot write down what it does, so it does nothing.",
    remedy: "Free space on its disk.",
  },
  "transcoder-missing": {
    text: "The gateway cannot make pictures out of this camera's video.",
    remedy: "Install ffmpeg on its box.",
  },
};

/** @type {Readonly<Record<string, string>>} */
const weaknesses = {
  short: "This password has fewer than 8 characters.",
  common: "This password is on a list of those that everybody tries first.",
  name: "Your name, or the gateway's, is in this password.",
  breached: "This password has leaked from somewhere: who breaks into accounts has it on a list.",
};
const better = "Three random words are good: the button below proposes some.";

/**
 * What to tell somebody of a refusal.
 *
 * @param {Refusal} refusal
 * @param {Readonly<Record<string, Words>>} [own] of the very form, in the place of the usual words
 * @returns {Words}
 */
export const explain = ({ code, message, remedy, details }, own = {}) => {
  if (code === "too-many-guesses") return waiting(details["retryInMs"]);
  if (code === "password-weak")
    return { text: weaknesses[String(details["why"])] ?? sentence(message), remedy: better };
  const words = Object.hasOwn(own, code) ? own[code] : Object.hasOwn(known, code) ? known[code] : undefined;
  return words ?? { text: sentence(message), remedy };
};

/** @param {unknown} retryInMs */
const waiting = (retryInMs) => ({
  text: "Too many wrong tries.",
  remedy: `Wait ${span(typeof retryInMs === "number" ? retryInMs : 60_000)}, then try again. A passkey works meanwhile.`,
});

/** The control that a refusal is about. */
/** @type {Readonly<Record<string, string>>} */
const controls = { "password-weak": "password", "name-taken": "loginName", "code-refused": "code" };

/**
 * The name of the control that a refusal is about, where it is about one.
 *
 * @param {Pick<Refusal, "code" | "message">} refusal
 */
export const controlOf = ({ code, message }) =>
  Object.hasOwn(controls, code) ? controls[code] : /^body\.(\w+): /.exec(message)?.[1];

/** @param {string} message */
const sentence = (message) => {
  const plain = message.replace(/^body\.\w+: /, "").trim();
  const whole = /[.!?]$/.test(plain) ? plain : `${plain}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
};
