import type { Socket } from "node:net";

/**
 * Preloaded (`--import`) into the servers that a demo or a test starts: they end when whoever started them is gone, however it
 * went, because that closes their standard input.
 */
process.stdin.once("end", () => process.exit(0));
process.stdin.once("error", () => process.exit(0));
process.stdin.resume();
// A pipe or socket: watching it must not keep a server up that has nothing more to do.
(process.stdin as Partial<Socket>).unref?.();
