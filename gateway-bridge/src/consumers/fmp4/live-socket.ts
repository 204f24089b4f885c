/** The part of a WebSocket that a live view uses: `ws`'s WebSocket as it is. */
export interface LiveSocket {
  /** Bytes handed over that the system has not taken yet. */
  readonly bufferedAmount: number;
  /** `done` is called when the system took it all, or with why it never will. */
  send(data: string | Buffer, done: (error?: Error | null) => void): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection at once, whatever is still to be sent. */
  terminate(): void;
  on(event: "close" | "message", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "close" | "message", listener: () => void): unknown;
}
