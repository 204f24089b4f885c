/** What a server says to one request. CSeq and Server are added. */
export interface RtspAnswer {
  readonly status: RtspStatus;
  /** Instead of the RFC's own words; players show it. Printable ASCII. RFC 2326 7.1.1 */
  readonly reason?: string;
  /** A list is written as one header each. Values without line breaks, as latin1 characters. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer;
}

/** RFC 2326 7.1.1 */
const reasons = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  454: "Session Not Found",
  455: "Method Not Valid In This State",
  459: "Aggregate Operation Not Allowed",
  461: "Unsupported Transport",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  551: "Option not supported",
} as const;
export type RtspStatus = keyof typeof reasons;

/** The answer as it goes on the wire. `sequence` is the request's CSeq, undefined where it had none. */
export const formatRtspAnswer = (answer: RtspAnswer, sequence: number | undefined): Buffer => {
  const { status, reason = reasons[status], headers = {}, body } = answer;
  const lines = [`RTSP/1.0 ${status} ${reason}`];
  if (sequence !== undefined) lines.push(`CSeq: ${sequence}`);
  lines.push("Server: Gatehouse");
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === "string" ? [value] : value) lines.push(`${name}: ${one}`);
  }
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return body === undefined ? head : Buffer.concat([head, body]);
};

/** The number of a CSeq header, as far as it is one. RFC 2326 12.17 */
export const parseSequence = (header: string | undefined): number | undefined => {
  const [digits] = /^\d{1,15}/.exec(header ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
};
