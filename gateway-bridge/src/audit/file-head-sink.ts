import { GatehouseError, isError, systemCode, type Cancellable } from "@gatehouse/shared";
import { open, type FileHandle } from "node:fs/promises";

import type { HeadSink } from "./head-sink.ts";
import { noteLine, readNoteLine } from "./note-line.ts";

/** Longer than any line of ours. */
const tailBytes = 16 << 10;

/** A file of heads, a line of JSON each: best on a medium or a share that the gateway's user can only add to. */
export class FileHeadSink implements HeadSink {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What the last line holds. Where it holds no note, the line itself, which no key has signed.
   * @throws GatehouseError `heads-unreachable`
   */
  async newest(_cancel: Cancellable): Promise<string | undefined> {
    const tail = await this.#with("r", readTail, "");
    const lines = tail.split("\n");
    // What follows the last line end was torn off by a crash.
    lines.pop();
    const line = lines.at(-1);
    return line === undefined ? undefined : (readNoteLine(line) ?? line);
  }

  async push(note: string, _cancel: Cancellable): Promise<void> {
    const torn = await this.#with("r", async (file) => !/(?:^|\n)$/.test(await readTail(file)), false);
    await this.#with("a", async (file) => {
      await file.write(`${torn ? "\n" : ""}${noteLine(note)}`);
      await file.sync();
    });
  }

  async #with<T>(flags: "a" | "r", use: (file: FileHandle) => Promise<T>, missing?: T): Promise<T> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, flags, 0o600);
      return await use(file);
    } catch (cause) {
      if (flags === "r" && missing !== undefined && systemCode(cause) === "ENOENT") return missing;
      const why = isError(cause) ? cause.message : String(cause);
      throw new GatehouseError("heads-unreachable", `the file of audit heads failed: ${why}`, { cause });
    } finally {
      await file?.close();
    }
  }
}

const readTail = async (file: FileHandle): Promise<string> => {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
  return tail.toString("utf8", 0, bytesRead);
};
