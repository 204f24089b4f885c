export { makeCertificate, type TestCertificate, type TestCertificateOptions } from "./certificate.ts";
export { MemoryLogger, type LogLine } from "./memory-logger.ts";
export { TestClock } from "./test-clock.ts";
