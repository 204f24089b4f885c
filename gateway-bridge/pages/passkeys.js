// @ts-check

import { ApiError } from "./api.js";

/** @import { PasskeyAnswer, PasskeyEnrolment, PasskeyRequest } from "@gatehouse/shared" */

/** Whether this browser can keep passkeys at all, and speaks of them in the form that the gateway does. WebAuthn 5.1.9 */
export const hasPasskeys = () =>
  "PublicKeyCredential" in globalThis && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";

/**
 * Has the device make a passkey.
 *
 * @param {PasskeyEnrolment["options"]} options
 * @returns {Promise<any>} what `toJSON()` gives: the gateway judges it
 * @throws {ApiError} `passkey-declined`, `passkey-known`
 */
export const makePasskey = async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(/** @type {any} */ (options));
  return asJson(await navigator.credentials.create({ publicKey }).catch(rethrow));
};

/**
 * Has the device show one of its passkeys.
 *
 * @param {PasskeyRequest["options"]} options
 * @returns {Promise<PasskeyAnswer["response"]>}
 * @throws {ApiError} `passkey-declined`
 */
export const showPasskey = async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(/** @type {any} */ (options));
  return asJson(await navigator.credentials.get({ publicKey }).catch(rethrow));
};

/** @param {Credential | null} credential */
const asJson = (credential) => /** @type {any} */ (/** @type {PublicKeyCredential} */ (credential).toJSON());

/**
 * Browsers say little of why: nobody is to learn what a device keeps.
 *
 * @param {unknown} error
 * @returns {never}
 */
const rethrow = (error) => {
  const name = error instanceof DOMException ? error.name : "";
  // WebAuthn 5.1.3: one of those that the gateway knows is on this device.
  if (name === "InvalidStateError") throw new ApiError("passkey-known", "this device has a passkey already");
  throw new ApiError("passkey-declined", "the device showed no passkey");
};
