import { z } from "zod";

import { TierName } from "./camera.ts";
import type { Action } from "./grant.ts";
import { CameraId, SessionId } from "./ids.ts";

/**
 * Who may call a route:
 * `pairing` anybody who holds an unused pairing secret;
 * `anybody` whoever asks from home, or also from `away`: who is let in by it is judged behind it, and each guess counted;
 * `login` a signed-in person about itself, from a browser;
 * `paired` any paired principal, who sees only what its grants cover;
 * `gateway` a principal with the action on all cameras;
 * `camera` a principal with the action on the camera in the path;
 * `session` the principal that opened the session, while it still has the action on its camera.
 */
export type Access =
  | { readonly on: "pairing" }
  | { readonly on: "anybody"; readonly away?: true }
  | { readonly on: "login" }
  | { readonly on: "paired" }
  | { readonly on: "gateway" | "camera" | "session"; readonly action: Action };

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `:name` marks a parameter. */
  readonly path: string;
  readonly access: Access;
  /** False where no login of a person will do, only a key. */
  readonly browsers?: false;
  /** Whether a guest's login will do for a route `login`. */
  readonly guests?: true;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  /** Of a JSON answer, in bytes; 1 MiB unless told. */
  readonly longest?: number;
  /**
   * `jpeg`: a picture, with `x-captured-at` (ms), `age` (s) and `x-camera` headers. `mp4`: a clip, as it is made, with `x-started-at`
   * (ms). `sdp`: 201 with the answer, and `location`. `text`: as its content type says. `file`: a file, as it is made. `websocket`: the upgrade; `events` sends
   * ServerMessages, `live` LiveMessages and binary fMP4.
   */
  readonly response: z.ZodType | "jpeg" | "mp4" | "sdp" | "text" | "file" | "websocket";
}

/** No parameters, no query, or an answer without content. */
export const nothing = z.strictObject({});
const defaults = { params: nothing, query: nothing, body: z.undefined() };
/** One line of the table; what is not said is empty. */
export const route = <const R extends Pick<Route, "method" | "path" | "access" | "response"> & Partial<Route>>(
  given: R,
): Omit<typeof defaults, keyof R> & R => ({ ...defaults, ...given });
/** The parameters of a path with a camera, or a session, in it. */
export const camera = z.strictObject({ camera: CameraId });
export const session = z.strictObject({ session: SessionId });
/** A number in a query string. */
export const QueryInt = z.coerce.number().int().positive().max(100_000);
/** How large a live view is shown, in pixels; or the very tier. */
export const liveQuery = { width: QueryInt.optional(), height: QueryInt.optional(), tier: TierName.optional() };
/** A span of time in a query string. */
export const QuerySeconds = z.coerce.number().min(0).max(600);
