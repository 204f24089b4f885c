import { Secret } from "@gatehouse/shared";

/** What a device wants, in its first line inside a channel. */
export type Preface =
  /** The gateway's API. */
  | { readonly kind: "api" }
  /** Its RTSP server, as the person of the login whose cookie's value this is. */
  | { readonly kind: "rtsp"; readonly login: Secret };

/** In bytes, with the line's end. */
export const longestPreface = 256;

/** `GH1 api` or `GH1 rtsp <32 bytes, base64url>`, without the line's end. Undefined for every other. */
export const parsePreface = (line: Buffer): Preface | undefined => {
  const text = line.toString("latin1");
  if (text === "GH1 api") return { kind: "api" };
  const [, login] = /^GH1 rtsp ([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return login === undefined ? undefined : { kind: "rtsp", login: Secret.of(login) };
};
