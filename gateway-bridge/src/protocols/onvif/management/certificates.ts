import type { Cancellable } from "@gatehouse/shared";

import { textAt, type XmlElement } from "../../xml/xml-element.ts";
import { formatDateTime, parseDuration } from "../xs-time.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, entries, optional, words } from "./ask.ts";

/** Keys and certificates that a camera keeps, by the advanced security service (ONVIF Security Configuration Service). */
const service = "security";

export interface NewKeyPair {
  readonly keyId: string;
  /** How long the camera thinks that it takes. */
  readonly estimatedMs: number;
}

export const createRsaKeyPair = async (
  onvif: OnvifCaller,
  { bits, alias }: { readonly bits: number; readonly alias: string },
  cancel: Cancellable,
): Promise<NewKeyPair> =>
  createKeyPair(onvif, "CreateRSAKeyPair", [argument("KeyLength", String(bits)), argument("Alias", alias)], cancel);

/** @param curve of TLS's supported groups: `secp256r1` */
export const createEccKeyPair = async (
  onvif: OnvifCaller,
  { curve, alias }: { readonly curve: string; readonly alias: string },
  cancel: Cancellable,
): Promise<NewKeyPair> =>
  createKeyPair(onvif, "CreateECCKeyPair", [argument("EllipticCurve", curve), argument("Alias", alias)], cancel);

const createKeyPair = async (
  onvif: OnvifCaller,
  operation: string,
  given: readonly ReturnType<typeof argument>[],
  cancel: Cancellable,
): Promise<NewKeyPair> => {
  const answer = await ask(onvif, { service, operation, arguments: given }, cancel);
  const estimatedMs = parseDuration(textAt(answer, "EstimatedCreationTime")) ?? 0;
  return { keyId: textAt(answer, "KeyID"), estimatedMs };
};

/** `ok`, `generating` or `corrupt`, or what else the camera says. */
export const getKeyStatus = async (onvif: OnvifCaller, keyId: string, cancel: Cancellable): Promise<string> =>
  textAt(await tell(onvif, "GetKeyStatus", "KeyID", keyId, cancel), "KeyStatus");

export interface StoredKey {
  readonly keyId: string;
  readonly alias: string;
  /** As `getKeyStatus` says it. */
  readonly status: string;
}

export const getAllKeys = async (onvif: OnvifCaller, cancel: Cancellable): Promise<readonly StoredKey[]> =>
  entries(await ask(onvif, { service, operation: "GetAllKeys" }, cancel), "KeyAttribute").map((key) => ({
    keyId: textAt(key, "KeyID"),
    alias: textAt(key, "Alias"),
    status: textAt(key, "KeyStatus"),
  }));

/** Refused while a certificate uses it. */
export const deleteKey = async (onvif: OnvifCaller, keyId: string, cancel: Cancellable): Promise<void> => {
  await tell(onvif, "DeleteKey", "KeyID", keyId, cancel);
};

export interface SelfSigned {
  readonly keyId: string;
  readonly commonName: string;
  readonly alias: string;
  /** Dotted object identifier: `1.2.840.113549.1.1.11` for sha256WithRSAEncryption. */
  readonly signatureAlgorithm: string;
  /** Milliseconds since the epoch. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** The certificate's id. */
export const createSelfSignedCertificate = async (
  onvif: OnvifCaller,
  { keyId, commonName, alias, signatureAlgorithm, notBefore, notAfter }: SelfSigned,
  cancel: Cancellable,
): Promise<string> => {
  const at = (time: number | undefined): string | undefined => (time === undefined ? undefined : formatDateTime(time));
  const given = [
    argument("X509Version", "3"),
    argument("Subject", argument("CommonName", commonName)),
    argument("KeyID", keyId),
    argument("Alias", alias),
    optional(argument, "notValidBefore", at(notBefore)),
    optional(argument, "notValidAfter", at(notAfter)),
    argument("SignatureAlgorithm", argument("algorithm", signatureAlgorithm)),
  ];
  const question = { service, operation: "CreateSelfSignedCertificate", arguments: given } as const;
  return textAt(await ask(onvif, question, cancel), "CertificateID");
};

/** Brings a certificate for a key that the camera has. */
export const uploadCertificate = async (
  onvif: OnvifCaller,
  { der, alias }: { readonly der: Buffer; readonly alias: string },
  cancel: Cancellable,
): Promise<{ readonly certificateId: string; readonly keyId: string }> => {
  const given = [
    argument("Certificate", der.toString("base64")),
    argument("Alias", alias),
    argument("PrivateKeyRequired", "true"),
  ];
  const answer = await ask(onvif, { service, operation: "UploadCertificate", arguments: given }, cancel);
  return { certificateId: textAt(answer, "CertificateID"), keyId: textAt(answer, "KeyID") };
};

export interface StoredCertificate {
  readonly certificateId: string;
  readonly keyId: string;
  readonly alias: string;
  /** As the camera sent it; nobody has looked whether it is a certificate. */
  readonly der: Buffer;
}

export const getAllCertificates = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly StoredCertificate[]> => {
  const answer = await ask(onvif, { service, operation: "GetAllCertificates" }, cancel);
  return entries(answer, "Certificate").map(readCertificate);
};

const readCertificate = (certificate: XmlElement): StoredCertificate => ({
  certificateId: textAt(certificate, "CertificateID"),
  keyId: textAt(certificate, "KeyID"),
  alias: textAt(certificate, "Alias"),
  der: Buffer.from(textAt(certificate, "CertificateContent"), "base64"),
});

/** Refused while a certification path holds it. */
export const deleteCertificate = async (onvif: OnvifCaller, id: string, cancel: Cancellable): Promise<void> => {
  await tell(onvif, "DeleteCertificate", "CertificateID", id, cancel);
};

/** The id of the path: the certificate and those above it. */
export const createCertificationPath = async (
  onvif: OnvifCaller,
  { certificateIds, alias }: { readonly certificateIds: readonly string[]; readonly alias: string },
  cancel: Cancellable,
): Promise<string> => {
  const ids = certificateIds.map((id) => argument("CertificateID", id));
  const given = [argument("CertificateIDs", ...ids), argument("Alias", alias)];
  const question = { service, operation: "CreateCertificationPath", arguments: given } as const;
  return textAt(await ask(onvif, question, cancel), "CertificationPathID");
};

export interface CertificationPath {
  readonly pathId: string;
  readonly certificateIds: readonly string[];
  readonly alias: string;
}

export const getAllCertificationPaths = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly CertificationPath[]> => {
  const answer = await ask(onvif, { service, operation: "GetAllCertificationPaths" }, cancel);
  const paths: CertificationPath[] = [];
  for (const { text: pathId } of entries(answer, "CertificationPathID")) {
    const path = (await tell(onvif, "GetCertificationPath", "CertificationPathID", pathId, cancel)).children[0];
    const certificateIds = entries(path, "CertificateID").map(({ text }) => text);
    paths.push({ pathId, certificateIds, alias: textAt(path, "Alias") });
  }
  return paths;
};

/** Refused while the TLS server shows it. */
export const deleteCertificationPath = async (onvif: OnvifCaller, id: string, cancel: Cancellable): Promise<void> => {
  await tell(onvif, "DeleteCertificationPath", "CertificationPathID", id, cancel);
};

/** The certification paths that the camera's TLS server shows. */
export const getAssignedServerCertificates = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly string[]> =>
  entries(await ask(onvif, { service, operation: "GetAssignedServerCertificates" }, cancel), "CertificationPathID").map(
    ({ text }) => text,
  );

export const addServerCertificateAssignment = async (
  onvif: OnvifCaller,
  pathId: string,
  cancel: Cancellable,
): Promise<void> => {
  await tell(onvif, "AddServerCertificateAssignment", "CertificationPathID", pathId, cancel);
};

export const removeServerCertificateAssignment = async (
  onvif: OnvifCaller,
  pathId: string,
  cancel: Cancellable,
): Promise<void> => {
  await tell(onvif, "RemoveServerCertificateAssignment", "CertificationPathID", pathId, cancel);
};

export const replaceServerCertificateAssignment = async (
  onvif: OnvifCaller,
  { from, to }: { readonly from: string; readonly to: string },
  cancel: Cancellable,
): Promise<void> => {
  const given = [argument("OldCertificationPathID", from), argument("NewCertificationPathID", to)];
  await ask(onvif, { service, operation: "ReplaceServerCertificateAssignment", arguments: given }, cancel);
};

/** `1.0`, `1.1`, `1.2`, `1.3`: what the camera's TLS server speaks. */
export const getEnabledTlsVersions = async (onvif: OnvifCaller, cancel: Cancellable): Promise<readonly string[]> =>
  words(textAt(await ask(onvif, { service, operation: "GetEnabledTLSVersions" }, cancel), "Versions"));

export const setEnabledTlsVersions = async (
  onvif: OnvifCaller,
  versions: readonly string[],
  cancel: Cancellable,
): Promise<void> => {
  await tell(onvif, "SetEnabledTLSVersions", "Versions", versions.join(" "), cancel);
};

/** An operation with one argument. */
const tell = (
  onvif: OnvifCaller,
  operation: string,
  name: string,
  value: string,
  cancel: Cancellable,
): Promise<XmlElement> => ask(onvif, { service, operation, arguments: [argument(name, value)] }, cancel);
