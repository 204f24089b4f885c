/**
 * Preloaded (`--import`) into the servers that a demo or a test starts: they end when whoever started them is gone, however it
 * went, because that closes their standard input.
 */
process.stdin.once("end", () => process.exit(0));
process.stdin.once("error", () => process.exit(0));
process.stdin.resume();
