import { GatehouseError } from "@gatehouse/shared";

import { RtspHeaders } from "./rtsp-headers.ts";

/** Longest start line and headers, in bytes. */
export const maxHeadBytes = 16 * 1024;
/** Longest body; none but the SDP is expected. */
export const maxBodyBytes = 64 * 1024;

/** An answer of the server. RFC 2326 7 */
export interface RtspResponse {
  readonly kind: "response";
  readonly status: number;
  /** In the server's words; printable, at most 100 characters. */
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

/** What a server asks of its client, or a client of its server. RFC 2326 6, 10.1 */
export interface RtspServerRequest {
  readonly kind: "request";
  readonly method: string;
  /** As it was written, without blanks: bytes as latin1 characters. */
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export type RtspMessage = RtspResponse | RtspServerRequest;

/** A message without its body. */
export type RtspHead = (Omit<RtspResponse, "body"> | Omit<RtspServerRequest, "body">) & { readonly bodyBytes: number };

const malformed = (why: string): GatehouseError => new GatehouseError("camera-answer-malformed", why);

/**
 * Reads the start line and the headers, up to but without the empty line.
 * @throws GatehouseError `camera-answer-malformed`, `camera-answer-too-large`
 */
export const parseHead = (bytes: Buffer): RtspHead => {
  const [start = "", ...lines] = bytes.toString("latin1").split(/\r?\n/);
  const headers = RtspHeaders.parse(lines);
  const bodyBytes = bodyLength(headers);
  const [, status, reason] = /^RTSP\/\d\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$/i.exec(start) ?? [];
  if (status !== undefined) {
    return { kind: "response", status: Number(status), reason: printable(reason ?? ""), headers, bodyBytes };
  }
  const [, method, uri] = /^([A-Z_]{1,32})[ \t]+(\S+)[ \t]+RTSP\/\d\.\d[ \t]*$/.exec(start) ?? [];
  if (method === undefined || uri === undefined) throw malformed("the camera's answer is not RTSP");
  return { kind: "request", method, uri, headers, bodyBytes };
};

const bodyLength = (headers: RtspHeaders): number => {
  const lengths = new Set(headers.all("content-length"));
  if (lengths.size > 1) throw malformed("the camera's answer has two lengths");
  const [text = "0"] = lengths;
  if (!/^\d{1,16}$/.test(text)) throw malformed("the camera's answer has no valid length");
  if (Number(text) > maxBodyBytes) {
    throw new GatehouseError("camera-answer-too-large", `the camera's answer is longer than ${maxBodyBytes} bytes`);
  }
  return Number(text);
};

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "").slice(0, 100);

export interface RtspRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request without body. Values must be without line breaks; they go out as latin1 bytes. RFC 2326 6 */
export const formatRequest = ({ method, uri, headers }: RtspRequest): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[`${method} ${uri} RTSP/1.0`, ...lines].join("\r\n")}\r\n\r\n`, "latin1");
};

/** Answers a server's request: alive to OPTIONS and to a GET_PARAMETER without content, and able to nothing else. */
export const formatAnswer = ({ method, headers, body }: RtspServerRequest): Buffer => {
  const alive = method === "OPTIONS" || (method === "GET_PARAMETER" && body.length === 0);
  const [sequence = "0"] = /^\d{1,15}/.exec(headers.get("cseq") ?? "") ?? [];
  const lines = [`RTSP/1.0 ${alive ? "200 OK" : "501 Not Implemented"}`, `CSeq: ${sequence}`];
  if (method === "OPTIONS") lines.push("Public: OPTIONS, GET_PARAMETER");
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
};
