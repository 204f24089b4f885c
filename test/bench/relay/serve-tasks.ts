import type { Duplex } from "node:stream";

import { Pacer, pump, readTask } from "./load.ts";

/** What devices asked for, done. */
export class TaskServer {
  readonly #pacer = new Pacer();
  /** Bytes that came to be thrown away. */
  received = 0;

  /** Waits for the task, and does it until the stream ends. */
  serve(stream: Duplex): void {
    stream.on("error", () => stream.destroy());
    const begin = (): void => {
      const letter = stream.read(1) as Buffer | null;
      if (letter === null) return;
      stream.off("readable", begin);
      this.#do(stream, letter[0] ?? 0);
    };
    stream.on("readable", begin);
    begin();
  }

  #do(stream: Duplex, letter: number): void {
    switch (readTask(letter)) {
      case "sink":
        stream.on("data", (chunk: Buffer) => (this.received += chunk.length));
        return;
      case "source":
        pump(stream.resume());
        return;
      case "echo":
        stream.on("data", (chunk: Buffer) => stream.write(chunk));
        return;
      case "paced":
        this.#pacer.join(stream.resume());
        return;
      case undefined:
        stream.destroy();
    }
  }
}
