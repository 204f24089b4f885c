/** What carries one track to its reader. */
export interface Carrier extends Disposable {
  /** Memory of this many bytes for the packets of the next `send`, and for nothing else. */
  memory(size: number): Buffer;
  /**
   * Packets as `interleavePackets` makes them; they are the carrier's from here on, with what they lie in. False when some have to
   * wait until they are out.
   */
  send(packets: Buffer): boolean;
  /** One RTCP compound. */
  sendReport(report: Buffer): void;
  /** Whether what no longer waits was taken by the reader, and is not lost on the way. */
  readonly reliable: boolean;
  /** Interleaved channel of the packets; 0 where there is none. */
  readonly channel: number;
  /** Value of the Transport header in the answer. */
  readonly transport: string;
}
