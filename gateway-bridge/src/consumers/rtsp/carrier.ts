/** What carries one track to its reader. */
export interface Carrier extends Disposable {
  /** Packets as `interleavePackets` makes them. They are kept until they are out; false when some have to wait for that. */
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
