export { MemoryLogger, type LogLine } from "./memory-logger.ts";
export { TestClock } from "./test-clock.ts";
