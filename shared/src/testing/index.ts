export {
  makeCertificate,
  signCertificate,
  type SigningOptions,
  type TestCertificate,
  type TestCertificateOptions,
} from "./certificate.ts";
export {
  FakeGateway,
  fakeCameraId,
  makeCamera,
  type FakeGatewayOptions,
  type FakeHandlers,
  type FakeRouteName,
} from "./fake-gateway.ts";
export { FakeRelay, makeDevice, type FakeRelayOptions, type TestDevice } from "./fake-relay.ts";
export { MemoryLogger, type LogLine } from "./memory-logger.ts";
export { TestClock } from "./test-clock.ts";
