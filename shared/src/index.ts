export {
  onAbort,
  stopped,
  untilAborted,
  withDeadline,
  type Cancellable,
  type Deadline,
  type StopReason,
} from "./kernel/abort.ts";
export { base32, randomId } from "./kernel/base32.ts";
export { delayWith, systemClock, type Clock } from "./kernel/clock.ts";
export {
  errorRegistry,
  GatehouseError,
  isError,
  isErrorCode,
  isGatehouseError,
  systemCode,
  toGatehouseError,
  type ErrorCode,
  type GatehouseErrorOptions,
  type Retry,
} from "./kernel/errors.ts";
export { EventBus } from "./kernel/event-bus.ts";
export { silentLogger, type Logger } from "./kernel/logger.ts";
export { assertNever } from "./kernel/never.ts";
export { readPrivateFile, writePrivateFile } from "./kernel/private-file.ts";
export { redactUrl } from "./kernel/redact.ts";
export { pauseBeforeRetry, type RetryContext } from "./kernel/retry-policy.ts";
export { Secret } from "./kernel/secret.ts";
export { supervise, type SuperviseOptions } from "./kernel/supervise.ts";

export {
  routes,
  type FileRouteName,
  type JsonRouteName,
  type RouteAnswer,
  type RouteCall,
  type RouteName,
  type RouteRequest,
} from "./contract/api.ts";
export type { Access, Route } from "./contract/route.ts";
export { ApplicationCredential, NewApplication } from "./contract/application.ts";
export { AuditVerdict, SignedHead, SignedHeads } from "./contract/audit.ts";
export { AddCamera, Camera, CameraKind, CameraState, DiscoveredCamera, Tier, TierName } from "./contract/camera.ts";
export { Event, ServerMessage } from "./contract/event.ts";
export { AuditRow, ListedPrincipal, Principal, Status, StreamStatus } from "./contract/gateway.ts";
export {
  Action,
  Assurance,
  Day,
  Grant,
  GuestAction,
  ownerOnlyActions,
  PairedKind,
  Place,
  PrincipalKind,
  Schedule,
} from "./contract/grant.ts";
export { GuestLink, GuestMe, MadeGuestLink, NewGuestLink, OpenGuestLink } from "./contract/guest.ts";
export {
  CameraHealth,
  GatewayHealth,
  GatewayWarning,
  MediaHealth,
  StreamHealth,
  StreamWarning,
  TranscoderHealth,
} from "./contract/health.ts";
export { PreparedHomeKitSession, PrepareHomeKitSession, StartHomeKitSession } from "./contract/homekit.ts";
export { CertificateKind, Trust } from "./contract/trust.ts";
export { KnownFault, UpdateState, UpdateStep } from "./contract/update.ts";
export {
  InspectionId,
  NewcomerId,
  RemedyRunId,
  CameraId,
  GatewayId,
  GuestLinkId,
  LoginId,
  Name,
  NoticeId,
  PasskeyId,
  PrincipalId,
  RoleId,
  SessionId,
  SpkiPin,
  Time,
} from "./contract/ids.ts";
export { LiveMessage, Sdp } from "./contract/live.ts";
export { OpenApi, openApiOf, type OpenApiOptions } from "./contract/openapi.ts";
export { DoorState, FirstRun, FirstRunCode, OpenInvitation } from "./contract/door.ts";
export {
  cookieNames,
  Factor,
  Login,
  Me,
  OneTimeCode,
  PasswordSignIn,
  RecoveryCodes,
  StepUp,
  TotpCode,
  TotpSecret,
} from "./contract/login.ts";
export {
  NewPasskey,
  Passkey,
  PasskeyAnswer,
  PasskeyAssertion,
  PasskeyAttestation,
  PasskeyEnrolment,
  PasskeyRequest,
  PasskeySignIn,
} from "./contract/passkey.ts";
export { Notice, NoticeKind, NoticeMessage } from "./contract/notice.ts";
export { ChangePerson, Invitation, LoginName, NewPerson, Password, Person } from "./contract/person.ts";
export {
  DeviceIdentity,
  EnrolAtRelay,
  OfferDevice,
  OfferOwnDevice,
  PairDevice,
  PairedDevice,
  RelayPlace,
  RemoteConnection,
  RemoteDevice,
  RemoteState,
  SwitchRemote,
  WayHome,
} from "./contract/remote.ts";
export {
  AcceptFinding,
  Acceptance,
  CameraPosture,
  CheckId,
  Finding,
  FindingStatus,
  Grade,
  Guide,
  HomePosture,
  Inspection,
  longestAcceptanceDays,
  Newcomer,
  ProposeRemedy,
  RemedyId,
  RemedyPlane,
  RemedyRun,
  RemedyState,
  RouterMapping,
  RouterReport,
  Severity,
  StartInspection,
  StateFinding,
  Statement,
  Tally,
  TrendPoint,
} from "./contract/posture.ts";
export { NewRole, Role } from "./contract/role.ts";
export { Identity, OfferPairing, Pair, Paired, PairingOffer } from "./contract/pairing.ts";
export {
  formatPairingString,
  parseAddress,
  parsePairingString,
  type HostAndPort,
  type PairingTicket,
} from "./contract/pairing-string.ts";
export { fromWireError, toWireError, WireError } from "./contract/wire-error.ts";

export { callRoute, type Picture } from "./client/call-route.ts";
export { loadDeviceIdentity, makeDeviceKey, saveDeviceIdentity } from "./client/device-identity.ts";
export {
  GatewayClient,
  type ConnectionState,
  type GatewayClientOptions,
  type GatewayListener,
} from "./client/gateway-client.ts";
export { loadIdentity, saveIdentity } from "./client/identity-file.ts";
export { makeClientKey, pair, type PairOptions } from "./client/pair.ts";
export { pairDevice, type PairDeviceOptions } from "./client/pair-device.ts";
export { readBounded, unreachable, type HttpAnswer, type HttpQuestion } from "./client/pinned-https.ts";
export { addressAttemptMs, connectPinned, readTlsPin, spkiPin, type PinnedTlsOptions } from "./client/pinned-tls.ts";
export { goHome, openChannel, openInner, type Errand, type Traveller } from "./client/relay-channel.ts";

export {
  admissionText,
  nonceBytes,
  readEd25519,
  saltBytes,
  signAdmission,
  verifyAdmission,
  type AdmissionContext,
} from "./relay/admission.ts";
export { doorName } from "./relay/door-name.ts";
export { encodeFrame, frameLimits, readFrame, untilReadable, writeFrame, type FrameOptions } from "./relay/frame.ts";
export {
  Challenge,
  ChannelAnswer,
  DataHello,
  DeviceHello,
  Enrol,
  Enrolled,
  FromGateway,
  FromRelay,
  mostDevices,
  OpenChannel,
  Proof,
  Verdict,
  Way,
} from "./relay/messages.ts";
export {
  DeviceId,
  innerProtocol,
  RelayName,
  relayProtocols,
  Thumbprint,
  TunnelId,
  type RelayProtocol,
} from "./relay/names.ts";
export { formatRelayInvite, parseRelayInvite, type RelayInvite } from "./relay/relay-invite.ts";
