/** One RTP payload, in two parts so that media is never copied. Both are shared: never change them. */
export interface RtpPayload {
  /** Headers of the payload format; empty where the body is the whole payload. */
  readonly prefix: Buffer;
  /** A view into the media, or the bytes of an aggregate. */
  readonly body: Buffer;
  /** The last of its picture, or of its piece of sound: carries the marker. */
  readonly last: boolean;
}
