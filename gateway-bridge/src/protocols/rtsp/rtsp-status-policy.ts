import type { ErrorCode } from "@gatehouse/shared";

/** What an answer's status means for the request. */
export type StatusVerdict =
  | { readonly kind: "done" }
  | { readonly kind: "log-in" }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly remedy?: string };

/** Judges the status of an answer. Redirects are never followed: the camera was given by its owner, and is where it is. */
export const judgeStatus = (status: number): StatusVerdict => {
  if (status >= 200 && status < 300) return { kind: "done" };
  if (status === 401) return { kind: "log-in" };
  if (status >= 300 && status < 400) return { kind: "failed", code: "camera-foreign-host" };
  const remedy = remedies.get(status);
  return { kind: "failed", code: "camera-fault", ...(remedy !== undefined && { remedy }) };
};

const full = "The camera serves no more viewers. Close what else is connected to it, or restart it.";

const remedies = new Map([
  [403, "The camera's user may not watch this stream. Give it that right in the camera, or use another user."],
  [404, "The camera has no stream at this address. Check the path of the URL in the camera's manual."],
  [453, full],
  [
    461,
    "The camera can send its stream neither over the RTSP connection nor in another way that is safe. Switch RTSP over TCP on in the camera.",
  ],
  [503, full],
]);
