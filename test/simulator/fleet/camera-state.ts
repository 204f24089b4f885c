import type { Brand } from "./brands.ts";

/** ONVIF's user levels (Core, 5.9.4): what each may do is in access-policy.ts. */
export type UserLevel = "Administrator" | "Operator" | "User" | "Anonymous";

export interface Account {
  readonly username: string;
  password: string;
  level: UserLevel;
}

/** Where an account counts. Cameras of one list of users have the same in both. */
export type Plane = "onvif" | "web";

export interface NetworkProtocol {
  enabled: boolean;
  ports: number[];
}

/** What strangers are let do. */
export interface Anonymous {
  /** READ_SYSTEM and READ_MEDIA of ONVIF. */
  read: boolean;
  /** READ_SYSTEM_SECRET of ONVIF. */
  secret: boolean;
  snapshot: boolean;
  /** `all` every path that there is; `other` only a path that ONVIF does not name; `any` whatever path is asked for. */
  rtsp: "none" | "all" | "other" | "any";
}

export interface KeyPair {
  readonly id: string;
  readonly alias: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

export interface Certificate {
  readonly id: string;
  readonly alias: string;
  readonly key: string;
  readonly pem: string;
}

export interface CertificationPath {
  readonly id: string;
  readonly alias: string;
  readonly certificates: readonly string[];
}

export interface TlsState {
  keys: KeyPair[];
  certificates: Certificate[];
  paths: CertificationPath[];
  /** Of certification paths. */
  assigned: string[];
  /** `1.0` to `1.3`. */
  versions: string[];
}

export interface Wireless {
  ssid: string;
  bssid: string;
  /** As GetDot11Status and the interface's configuration name it. */
  mode: "None" | "WEP" | "PSK" | "Extended";
  cipher: "None" | "TKIP" | "CCMP";
}

export interface AddressFilter {
  type: "Allow" | "Deny";
  /** IPv4, `10.0.0.0/8`. */
  addresses: string[];
}

/** One camera's whole mind: plain data, so that it can be copied, kept through a restart and put back. */
export interface CameraState {
  readonly brand: Brand;
  readonly identity: {
    readonly manufacturer: string;
    readonly model: string;
    readonly hardware: string;
    readonly serial: string;
    /** `02:00:00:00:00:01` */
    readonly mac: string;
    /** Of the device, the same for good. */
    readonly uuid: string;
    firmware: string;
    /** When that was built: `2024-05-27`. */
    builtOn: string;
  };
  /** False until somebody sets the first password. */
  initialised: boolean;
  /** `onvif` and `web` are one and the same list on cameras that know only one. */
  accounts: Record<Plane, Account[]>;
  protocols: Record<"HTTP" | "HTTPS" | "RTSP", NetworkProtocol>;
  rtsps: { readonly capable: boolean; enabled: boolean };
  anonymous: Anonymous;
  replayProtection: boolean;
  login: { rtspBasic: boolean; readonly algorithms: readonly string[]; enabled: string[] };
  services: { telnet: boolean; ftp: boolean; ssh: boolean; vendorPort: boolean; snmp: boolean; debug: boolean };
  tls: TlsState;
  discovery: { mode: "Discoverable" | "NonDiscoverable"; answersEverybody: boolean };
  /** Says its serial number and firmware to whoever asks. */
  reveals: boolean;
  upnp: { enabled: boolean; anyCallback: boolean };
  p2p: boolean;
  autoUpdate: boolean;
  push: { ftp: string; smtp: string; rtmp: string };
  ddns: { type: "NoUpdate" | "ClientUpdates" | "ServerUpdates"; name: string };
  network: {
    readonly prefix: number;
    ipv6: { enabled: boolean; global: string };
    gateways: string[];
    dns: { fromDhcp: boolean; servers: string[] };
    ntp: { fromDhcp: boolean; servers: string[] };
    zeroConfiguration: boolean;
  };
  clock: { offsetMs: number; type: "Manual" | "NTP"; zone: string };
  filter: AddressFilter;
  policy: {
    failureWarning: { enabled: boolean; periodS: number; failures: number };
    complexity: { length: number; uppercase: number; numbers: number; specials: number; blocksUsername: boolean };
  };
  wireless: Wireless | undefined;
  log: string[];
}
