import { GatehouseError, Secret, type Cancellable } from "@gatehouse/shared";
import { makeCertificate, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { X509Certificate } from "node:crypto";

import { parseXml } from "../../../protocols/xml/parse-xml.ts";
import { writeXml, xml } from "../../../protocols/xml/write-xml.ts";
import { find, findAll, textAt, type XmlElement } from "../../../protocols/xml/xml-element.ts";
import type { OnvifCall } from "../../../protocols/onvif/onvif-session.ts";
import type { Credentials } from "../../../domain/camera.ts";
import { scriptedCamera, type CameraScript } from "../../checks/testing/scripted-camera.ts";
import type { ProbedCamera } from "../../probe/probed-camera.ts";
import type { MendedCamera, MendTools } from "../../remedy.ts";

interface Made {
  readonly alias: string;
  readonly pin: string;
  readonly der: string;
}

const address = "192.168.1.20";
/** As the engine has it: a controller, whose signal is no property of its own. */
export const cancel: Cancellable = new AbortController();

/** A camera that does what it is told, keeps it, and shows it on every plane; or only says so. */
export class ObedientCamera {
  readonly clock = new TestClock();
  readonly state = {
    discovery: "Discoverable",
    ddns: { type: "ClientUpdates", name: "cam.example", ttl: "PT60S" },
    clock: { offMs: -3_600_000, type: "NTP", zone: "CET-1CEST" },
    warning: { enabled: "false", period: "0", failures: "0" },
    minLength: "4",
    filter: [] as string[],
    gateway: ["192.168.1.1"],
    dns: { fromDhcp: "true", manual: [] as string[] },
    ntp: { fromDhcp: "false", manual: ["pool.ntp.org"] },
    dhcp: "true",
    ipv6: "true",
    http: true,
    https: false,
    versions: ["1.0", "1.2"],
    hashing: ["MD5"],
    rebooted: 0,
  };
  /** What it is asked to do and does not do, though it says so. */
  readonly lies = new Set<string>();
  /** Whether its network is as it was told only after a restart. */
  needsRestart = false;
  afterRestart = (): void => undefined;
  /** What it does not know. */
  readonly unknown = new Set<string>();
  readonly keys: { keyId: string; alias: string }[] = [];
  readonly certificates = new Map<string, Made>();
  readonly paths = new Map<string, { alias: string; certificate: string }>();
  assigned: string[] = [];
  readonly factory = certificate();
  /** What the gateway goes by. */
  place: { url: string; pin: string | null } = { url: `http://${address}/onvif/device_service`, pin: null };
  readonly pending = new Map<string, Credentials>();
  readonly asked: string[] = [];

  /** As the engine opens it for each part of a remedy. */
  open({ tcp, ...script }: CameraScript = {}): MendedCamera {
    const { url, pin } = this.place;
    const ports = (): NonNullable<CameraScript["tcp"]> => tcp ?? this.#ports();
    const keys = (): NonNullable<CameraScript["tls"]> => this.#tls();
    const made = scriptedCamera({
      clock: this.clock,
      device: url,
      pin,
      services: ["device", "media", "security"],
      onvif: Object.fromEntries(Object.keys(operations).map((name) => [name, (call: OnvifCall) => this.#answer(call)])),
      http: { "GET /": { status: 200, body: "page" } },
      rtsp: {
        ":554/main": { by: { gateway: {}, nobody: { status: 401, challenges: this.#challenges(), setUp: false } } },
      },
      // As they are when they are asked.
      get tcp() {
        return ports();
      },
      get tls() {
        return keys();
      },
      udp: { 3_702: (question) => this.#discovered(question) },
      ...script,
    });
    const onvif = { ...made.onvif, as: this.#guarded(made) };
    const credentials = { username: "gatehouse", password: Secret.of("secret") };
    return { ...made, onvif, credentials, options: { vendor: false, firmware: undefined } };
  }

  get tools(): MendTools {
    return {
      clock: this.clock,
      log: new MemoryLogger(),
      camera: {
        relocate: async (_id, { url, pin }) => {
          await Promise.resolve();
          this.place = { url: url.href, pin };
        },
      },
      pending: {
        put: (_id, purpose, credentials) => void this.pending.set(purpose, credentials),
        get: (_id, purpose) => this.pending.get(purpose),
        commit: () => undefined,
        watchAsBefore: () => undefined,
        drop: (_id, purpose) => void this.pending.delete(purpose),
      },
    };
  }

  /** What its TLS server shows. */
  get shown(): string {
    const [path] = this.assigned;
    const id = path === undefined ? undefined : this.paths.get(path)?.certificate;
    return (id === undefined ? undefined : this.certificates.get(id)?.pin) ?? this.factory.pin;
  }

  /** Nobody gets in without TLS where it has none, nor past a key that is not the expected one. */
  #guarded({ onvif, device, pin }: ProbedCamera): ProbedCamera["onvif"]["as"] {
    return async (login, within) => {
      const secure = device.protocol === "https:";
      if (secure ? !this.state.https : !this.state.http) throw new GatehouseError("camera-unreachable", "nobody there");
      if (secure && pin !== this.shown) throw new GatehouseError("camera-fingerprint-changed", "another key");
      return onvif.as(login, within);
    };
  }

  #ports(): NonNullable<CameraScript["tcp"]> {
    const { http, https } = this.state;
    const open = [554, ...(http ? [80] : []), ...(https ? [443] : [])];
    return Object.fromEntries(open.map((port) => [port, ""]));
  }

  #tls(): NonNullable<CameraScript["tls"]> {
    if (!this.state.https) return {};
    const modern = { pin: this.shown };
    return { 443: this.state.versions.includes("1.0") ? { modern, old: modern } : { modern } };
  }

  #challenges(): readonly string[] {
    return this.state.hashing.map((algorithm) => `Digest realm="r", nonce="n", algorithm=${algorithm}`);
  }

  #discovered(question: Buffer): string | undefined {
    if (this.state.discovery !== "Discoverable") return undefined;
    const id = textAt(parseXml(question), "Header", "MessageID");
    return `<E><Header><RelatesTo>${id}</RelatesTo></Header><Body><ProbeMatches><ProbeMatch><EndpointReference><Address>urn:a</Address></EndpointReference></ProbeMatch></ProbeMatches></Body></E>`;
  }

  #answer(call: OnvifCall): string {
    const { operation } = call;
    this.asked.push(operation);
    if (this.unknown.has(operation)) return "unsupported";
    const body = parseXml(writeXml(xml("r", { "xmlns:o": "o" }, ...(call.arguments ?? []))));
    const tells = /^(?:Set|Replace|Add)/.test(operation);
    const content = tells && this.lies.has(operation) ? "" : (operations[operation]?.(this, body) ?? "");
    return `<r>${content}</r>`;
  }
}

export const certificate = (): Omit<Made, "alias"> => {
  const { certificate: pem, pin } = makeCertificate();
  return { pin, der: new X509Certificate(pem).raw.toString("base64") };
};

type Operation = (camera: ObedientCamera, body: XmlElement) => string;

const element = (name: string, ...content: readonly string[]): string => `<${name}>${content.join("")}</${name}>`;
const texts = (body: XmlElement, ...path: readonly string[]): string[] => {
  const last = path.at(-1) ?? "";
  return findAll(find(body, ...path.slice(0, -1)) ?? body, last).map(({ text }) => text);
};
const done =
  (run: (camera: ObedientCamera, body: XmlElement) => void): Operation =>
  (camera, body) => {
    run(camera, body);
    return "";
  };

const dateAndTime = (at: Date): string =>
  element("UTCDateTime", element("Time", element("Hour", String(at.getUTCHours())), element("Minute", String(at.getUTCMinutes())), element("Second", String(at.getUTCSeconds()))), element("Date", element("Year", String(at.getUTCFullYear())), element("Month", String(at.getUTCMonth() + 1)), element("Day", String(at.getUTCDate())))); // prettier-ignore

const settings: Readonly<Record<string, Operation>> = {
  SystemReboot: done((camera) => {
    camera.state.rebooted += 1;
    camera.afterRestart();
  }),
  GetDeviceInformation: () => "<Model>M</Model><SerialNumber>S</SerialNumber>",
  GetDiscoveryMode: ({ state }) => element("DiscoveryMode", state.discovery),
  SetDiscoveryMode: done(({ state }, body) => (state.discovery = textAt(body, "DiscoveryMode"))),
  GetDynamicDNS: ({ state: { ddns } }) =>
    element("DynamicDNSInformation", element("Type", ddns.type), element("Name", ddns.name), element("TTL", ddns.ttl)),
  SetDynamicDNS: done(({ state }, body) => {
    state.ddns = { type: textAt(body, "Type"), name: textAt(body, "Name"), ttl: textAt(body, "TTL") };
  }),
  GetSystemDateAndTime: ({ state: { clock: shown }, clock }) =>
    element("SystemDateAndTime", element("DateTimeType", shown.type), element("DaylightSavings", "true"), element("TimeZone", element("TZ", shown.zone)), dateAndTime(new Date(clock.now() + shown.offMs))), // prettier-ignore
  SetSystemDateAndTime: done(({ state }, body) => {
    const type = textAt(body, "DateTimeType");
    state.clock = { zone: textAt(body, "TimeZone", "TZ"), type, offMs: type === "Manual" ? 0 : state.clock.offMs };
  }),
  GetAuthFailureWarningConfiguration: ({ state: { warning } }) =>
    element("Enabled", warning.enabled) + element("MonitorPeriod", warning.period) + element("MaxAuthFailures", warning.failures), // prettier-ignore
  SetAuthFailureWarningConfiguration: done(({ state }, body) => {
    const [enabled, period, failures] = ["Enabled", "MonitorPeriod", "MaxAuthFailures"].map((name) =>
      textAt(body, name),
    );
    state.warning = { enabled: enabled ?? "", period: period ?? "", failures: failures ?? "" };
  }),
  GetAuthFailureWarningOptions: () =>
    "<MonitorPeriodRange><Min>1</Min><Max>300</Max></MonitorPeriodRange><AuthFailureRange><Min>3</Min><Max>9</Max></AuthFailureRange>",
  GetPasswordComplexityConfiguration: ({ state }) => element("MinLen", state.minLength),
  SetPasswordComplexityConfiguration: done(({ state }, body) => (state.minLength = textAt(body, "MinLen"))),
  GetPasswordComplexityOptions: () => "<MinLenRange><Min>0</Min><Max>32</Max></MinLenRange>",
  SetHashingAlgorithm: done(({ state }, body) => (state.hashing = textAt(body, "Algorithm").split(" "))),
};

const network: Readonly<Record<string, Operation>> = {
  GetIPAddressFilter: ({ state }) =>
    element("IPAddressFilter", element("Type", "Allow"), ...state.filter.map((one) => element("IPv4Address", element("Address", one), element("PrefixLength", "32")))), // prettier-ignore
  SetIPAddressFilter: done(({ state }, body) => {
    state.filter = findAll(find(body, "IPAddressFilter"), "IPv4Address").map((one) => textAt(one, "Address"));
  }),
  GetNetworkDefaultGateway: ({ state }) =>
    element("NetworkGateway", ...state.gateway.map((one) => element("IPv4Address", one))),
  SetNetworkDefaultGateway: done(({ state }, body) => (state.gateway = texts(body, "IPv4Address"))),
  GetDNS: ({ state: { dns } }) =>
    element("DNSInformation", element("FromDHCP", dns.fromDhcp), ...dns.manual.map((one) => element("DNSManual", element("IPv4Address", one)))), // prettier-ignore
  SetDNS: done(({ state }, body) => {
    const manual = findAll(body, "DNSManual").map((one) => textAt(one, "IPv4Address"));
    state.dns = { fromDhcp: textAt(body, "FromDHCP"), manual };
  }),
  GetNTP: ({ state: { ntp } }) =>
    element("NTPInformation", element("FromDHCP", ntp.fromDhcp), ...ntp.manual.map((one) => element("NTPManual", element("DNSname", one)))), // prettier-ignore
  SetNTP: done(({ state }, body) => {
    const manual = findAll(body, "NTPManual").map((one) => textAt(one, "DNSname") || textAt(one, "IPv4Address"));
    state.ntp = { fromDhcp: textAt(body, "FromDHCP"), manual };
  }),
  GetNetworkInterfaces: ({ state }) =>
    `<NetworkInterfaces token="eth0"><Enabled>true</Enabled><IPv4><Enabled>true</Enabled><Config><FromDHCP><Address>${address}</Address><PrefixLength>24</PrefixLength></FromDHCP><DHCP>${state.dhcp}</DHCP></Config></IPv4><IPv6><Enabled>${state.ipv6}</Enabled></IPv6></NetworkInterfaces>`,
  SetNetworkInterfaces: (camera, body) => {
    const dhcp = textAt(body, "NetworkInterface", "IPv4", "DHCP");
    const ipv6 = textAt(body, "NetworkInterface", "IPv6", "Enabled");
    camera.afterRestart = () => {
      if (dhcp !== "") camera.state.dhcp = dhcp;
      if (dhcp === "true") camera.state.gateway = ["192.168.1.1"];
      if (ipv6 !== "") camera.state.ipv6 = ipv6;
    };
    if (!camera.needsRestart) camera.afterRestart();
    return element("RebootNeeded", String(camera.needsRestart));
  },
  GetNetworkProtocols: ({ state }) =>
    element("NetworkProtocols", element("Name", "HTTP"), element("Enabled", String(state.http)), element("Port", "80")) +
    element("NetworkProtocols", element("Name", "HTTPS"), element("Enabled", String(state.https)), element("Port", "443")), // prettier-ignore
  SetNetworkProtocols: done(({ state }, body) => {
    for (const protocol of findAll(body, "NetworkProtocols")) {
      const on = textAt(protocol, "Enabled") === "true";
      if (textAt(protocol, "Name") === "HTTP") state.http = on;
      if (textAt(protocol, "Name") === "HTTPS") state.https = on;
    }
  }),
};

const security: Readonly<Record<string, Operation>> = {
  // Of both services: each reader looks for its own part.
  GetServiceCapabilities: () =>
    `<Capabilities><Security MaxPasswordLength="16" HashingAlgorithms="MD5,SHA-256"/><KeystoreCapabilities KeyPairGeneration="ECC RSA" RSAKeyLengths="2048" EllipticCurves="secp256r1" SelfSignedCertificateCreation="true"/><TLSServerCapabilities TLSServerSupported="1.0 1.2 1.3" EnabledVersionsSupported="true"/></Capabilities>`,
  GetAllKeys: ({ keys }) =>
    keys.map(({ keyId, alias }) => element("KeyAttribute", element("KeyID", keyId), element("Alias", alias), element("KeyStatus", "ok"))).join(""), // prettier-ignore
  CreateECCKeyPair: ({ keys }, body) => {
    const keyId = `k${keys.length}`;
    keys.push({ keyId, alias: textAt(body, "Alias") });
    return element("KeyID", keyId);
  },
  GetKeyStatus: () => "<KeyStatus>ok</KeyStatus>",
  DeleteKey: done(({ keys }, body) => {
    keys.splice(0, keys.length, ...keys.filter(({ keyId }) => keyId !== textAt(body, "KeyID")));
  }),
  CreateSelfSignedCertificate: ({ certificates }, body) => {
    const id = `c${certificates.size}`;
    certificates.set(id, { alias: textAt(body, "Alias"), ...certificate() });
    return element("CertificateID", id);
  },
  GetAllCertificates: ({ certificates }) =>
    [...certificates].map(([id, { alias, der }]) => element("Certificate", element("CertificateID", id), element("Alias", alias), element("CertificateContent", der))).join(""), // prettier-ignore
  DeleteCertificate: done(({ certificates }, body) => certificates.delete(textAt(body, "CertificateID"))),
  CreateCertificationPath: ({ paths }, body) => {
    const id = `p${paths.size}`;
    paths.set(id, { alias: textAt(body, "Alias"), certificate: textAt(body, "CertificateIDs", "CertificateID") });
    return element("CertificationPathID", id);
  },
  GetAllCertificationPaths: ({ paths }) => [...paths.keys()].map((id) => element("CertificationPathID", id)).join(""),
  GetCertificationPath: ({ paths }, body) => {
    const path = paths.get(textAt(body, "CertificationPathID"));
    return element("CertificationPath", element("CertificateID", path?.certificate ?? ""), element("Alias", path?.alias ?? "")); // prettier-ignore
  },
  DeleteCertificationPath: done(({ paths }, body) => paths.delete(textAt(body, "CertificationPathID"))),
  GetAssignedServerCertificates: ({ assigned }) => assigned.map((id) => element("CertificationPathID", id)).join(""),
  AddServerCertificateAssignment: done((camera, body) => (camera.assigned = [textAt(body, "CertificationPathID")])),
  RemoveServerCertificateAssignment: done((camera) => (camera.assigned = [])),
  ReplaceServerCertificateAssignment: done((camera, body) => {
    camera.assigned = [textAt(body, "NewCertificationPathID")];
  }),
  GetEnabledTLSVersions: ({ state }) => element("Versions", state.versions.join(" ")),
  SetEnabledTLSVersions: done(({ state }, body) => (state.versions = textAt(body, "Versions").split(" "))),
};

const operations: Readonly<Record<string, Operation>> = { ...settings, ...network, ...security };
