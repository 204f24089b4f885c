// @ts-check

/** @import { JsonRouteName, RouteAnswer, RouteCall } from "@gatehouse/shared" */
import { paths } from "./api-paths.js";

/** @typedef {Extract<keyof typeof paths, JsonRouteName>} Asked */

/** What the gateway refused, or that it did not answer. `code` as the contract names it, or `unreachable`. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message what happened
   * @param {{ readonly remedy?: string, readonly details?: Readonly<Record<string, unknown>> }} [more]
   */
  constructor(code, message, { remedy = "", details = {} } = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.remedy = remedy;
    this.details = details;
  }
}

/**
 * Asks the gateway.
 *
 * @template {Asked} Name
 * @param {Name} name
 * @param {Partial<RouteCall<Name>> & { readonly signal?: AbortSignal }} [call]
 * @returns {Promise<RouteAnswer<Name>>}
 * @throws {ApiError}
 */
export const ask = async (name, { params, body, signal } = {}) => {
  const [method = "", pattern = ""] = paths[name].split(" ");
  const values = /** @type {Readonly<Record<string, string>>} */ (params ?? {});
  const path = pattern.replaceAll(/:(\w+)/g, (_, key) => encodeURIComponent(values[key] ?? ""));
  const response = await reach(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    ...(signal !== undefined && { signal }),
  });
  return response.json();
};

/**
 * A camera's picture of now.
 *
 * @param {string} camera
 * @param {{ readonly width: number, readonly signal: AbortSignal }} options
 * @returns {Promise<{ readonly picture: Blob, readonly takenAt: number }>}
 * @throws {ApiError}
 */
export const fetchSnapshot = async (camera, { width, signal }) => {
  const response = await reach(`/v1/cameras/${encodeURIComponent(camera)}/snapshot?width=${width}`, { signal });
  return { picture: await response.blob(), takenAt: Number(response.headers.get("x-captured-at")) };
};

/**
 * @param {string} path
 * @param {RequestInit} init
 */
const reach = async (path, init) => {
  const response = await fetch(path, {
    ...init,
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
  }).catch((/** @type {unknown} */ cause) => {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError("unreachable", "The gateway does not answer.");
  });
  if (!response.ok) throw await refusalIn(response);
  return response;
};

/** @param {Response} response */
const refusalIn = async (response) => {
  const { error } = await response.json().catch(() => ({ error: undefined }));
  if (typeof error?.code !== "string") return new ApiError("internal", `The gateway answered ${response.status}.`);
  return new ApiError(error.code, error.message, error);
};
