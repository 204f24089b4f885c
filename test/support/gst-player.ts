import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-player.py", import.meta.url));

/**
 * Plays what an `rtspsrc` gets until the pipeline ends by itself, then PAUSE and TEARDOWN. Answers what the pipeline printed.
 * @throws Error when GStreamer complains of anything, or something stays out for 30 s
 */
export const playWithGst = async (pipeline: string): Promise<string> => {
  // Debian's own Python: no other has GStreamer's bindings.
  const player = spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(player, "exit");
  player.stdin.end(`${JSON.stringify({ pipeline })}\n`);
  const [out, complaints] = await Promise.all([text(player.stdout), text(player.stderr)]);
  const [status] = (await exited) as [number | null];
  if (status !== 0) throw new Error(`the player ended with ${String(status)}: ${complaints.slice(-2_000)}`);
  return out;
};
