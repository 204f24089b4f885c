import { spawn } from "node:child_process";
import { once } from "node:events";

import { have } from "../support/packages.ts";

export interface Decoded {
  /** Pictures that the decoder made; null where there is no decoder. */
  readonly framesDecoded: number | null;
  readonly decoder: string | null;
}

/** Decodes an H.264 byte stream with ffmpeg, if this machine has it. Throws when the decoder complains. */
export const decodeFrames = async (annexB: Buffer): Promise<Decoded> => {
  if (!have("ffmpeg")) return { framesDecoded: null, decoder: null };
  const child = spawn("/usr/bin/ffmpeg", "-v error -f h264 -i pipe:0 -f framecrc pipe:1".split(" "), { stdio: "pipe" });
  const [lines, complaints]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(annexB);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0 || complaints.length > 0)
    throw new Error(`ffmpeg could not decode the stream: ${complaints.join("").slice(0, 500)}`);
  const frames = lines
    .join("")
    .split("\n")
    .filter((line) => /^\d/.test(line)).length;
  return { framesDecoded: frames, decoder: "ffmpeg" };
};
