import type { CameraCore } from "../camera-core.ts";

export type ServiceName = "device" | "media" | "media2" | "events" | "keystore";

export interface Service {
  readonly name: ServiceName;
  readonly namespace: string;
  /** Of its operations' answers. */
  readonly prefix: string;
  readonly path: string;
  /** Its Capabilities element. */
  readonly capabilities: (core: CameraCore) => string;
}

const device = ({ face, state }: CameraCore): string =>
  [
    `<tds:Capabilities>`,
    `<tds:Network IPFilter="true" ZeroConfiguration="true" IPVersion6="true" DynDNS="true" NTP="2"`,
    ` Dot11Configuration="${state.wireless !== undefined}"/>`,
    `<tds:Security TLS1.0="false" TLS1.1="false" TLS1.2="${state.protocols.HTTPS.enabled}" OnboardKeyGeneration="${face.keystore}"`,
    ` DefaultAccessPolicy="true" UsernameToken="true" HttpDigest="${face.httpDigest}" MaxUsers="16" MaxUserNameLength="32"`,
    ` MaxPasswordLength="${face.password.longest}" HashingAlgorithms="${state.login.algorithms.join(",")}"`,
    ` SecurityPolicies="PasswordComplexity AuthFailureWarnings"/>`,
    `<tds:System DiscoveryBye="true" SystemLogging="true" HttpFirmwareUpgrade="true" FirmwareUpgrade="false"/>`,
    `</tds:Capabilities>`,
  ].join("");

const streaming = (prefix: string, { face }: CameraCore): string =>
  `<${prefix}:Capabilities SnapshotUri="true"><${prefix}:StreamingCapabilities RTP_RTSP_TCP="true"` +
  `${prefix === "tr2" ? ` RTSPStreaming="true" SecureRTSPStreaming="${face.rtsps}"` : ""}/></${prefix}:Capabilities>`;

const all: readonly Service[] = [
  {
    name: "device",
    namespace: "http://www.onvif.org/ver10/device/wsdl",
    prefix: "tds",
    path: "",
    capabilities: device,
  },
  {
    name: "media",
    namespace: "http://www.onvif.org/ver10/media/wsdl",
    prefix: "trt",
    path: "/onvif/Media",
    capabilities: (core) => streaming("trt", core),
  },
  {
    name: "media2",
    namespace: "http://www.onvif.org/ver20/media/wsdl",
    prefix: "tr2",
    path: "/onvif/Media2",
    capabilities: (core) => streaming("tr2", core),
  },
  {
    name: "events",
    namespace: "http://www.onvif.org/ver10/events/wsdl",
    prefix: "tev",
    path: "/onvif/Events",
    capabilities: () => `<tev:Capabilities WSPullPointSupport="true" MaxPullPoints="10"/>`,
  },
  {
    name: "keystore",
    namespace: "http://www.onvif.org/ver10/advancedsecurity/wsdl",
    prefix: "tas",
    path: "/onvif/AdvancedSecurity",
    capabilities: () =>
      `<tas:Capabilities><tas:KeystoreCapabilities MaximumNumberOfKeys="16" MaximumNumberOfCertificates="16"` +
      ` MaximumNumberOfCertificationPaths="8" RSAKeyPairGeneration="true" ECCKeyPairGeneration="true" RSAKeyLengths="2048 3072 4096"` +
      ` EllipticCurves="prime256v1" PKCS10ExternalCertificationWithRSA="true" SelfSignedCertificateCreationWithRSA="true"` +
      ` SelfSignedCertificateCreation="true" X509Versions="3"><tas:SignatureAlgorithms><tas:algorithm>1.2.840.10045.4.3.2</tas:algorithm>` +
      `</tas:SignatureAlgorithms><tas:SignatureAlgorithms><tas:algorithm>1.2.840.113549.1.1.11</tas:algorithm></tas:SignatureAlgorithms>` +
      `</tas:KeystoreCapabilities><tas:TLSServerCapabilities TLSServerSupported="1.0 1.1 1.2 1.3"` +
      ` EnabledVersionsSupported="true" MaximumNumberOfTLSCertificationPaths="1"/></tas:Capabilities>`,
  },
];

/** The services that a camera has, each at its path; only newer ones have Media 2. */
export const servicesOf = ({ face }: CameraCore): readonly Service[] =>
  all
    .filter(({ name }) => (name === "keystore" ? face.keystore : name === "media2" ? face.rtsps : true))
    .map((service) => (service.name === "device" ? { ...service, path: face.servicePath } : service));
