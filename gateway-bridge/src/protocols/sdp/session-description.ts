/** Which way media flows, seen from the server: `sendonly` is what a camera's client would send. RFC 8866 6.7, ONVIF Streaming 5.3 */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** One encoding of a media section. */
export interface MediaFormat {
  readonly payloadType: number;
  /** Upper-case: `H264`, `PCMU`. Empty where the SDP does not say. */
  readonly encoding: string;
  /** Ticks a second; 0 where the SDP does not say. */
  readonly clockRate: number;
  readonly channels: number;
  /** Of `a=fmtp`, by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** One `m=` section. */
export interface MediaDescription {
  /** Lower-case: `video`, `audio`, `application`. */
  readonly kind: string;
  /** `RTP/AVP`. */
  readonly protocol: string;
  readonly formats: readonly MediaFormat[];
  /** Of `a=control`, as it is written. */
  readonly control: string | undefined;
  readonly direction: Direction;
  /** Of `a=key-mgmt`, its own or else the session's. RFC 4567 3.1 */
  readonly keyManagement?: string | undefined;
}

/** What a camera says of one stream. Texts are bytes of the SDP as latin1 characters. */
export interface SessionDescription {
  /** The first `s=`; empty where there is none. */
  readonly name: string;
  /** The session's own `a=control`. */
  readonly control: string | undefined;
  readonly media: readonly MediaDescription[];
}
