import type { Cancellable } from "@gatehouse/shared";

import { textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { formatDateTime } from "../xs-time.ts";
import { argument, ask, entries, flag, part } from "./ask.ts";

/** A certificate as the device service keeps it: the older way, of cameras without the advanced security service. */
export interface DeviceCertificate {
  readonly id: string;
  /** As the camera sent it; nobody has looked whether it is a certificate. */
  readonly der: Buffer;
}

export const getCertificates = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly DeviceCertificate[]> => {
  const answer = await ask(onvif, { operation: "GetCertificates" }, cancel);
  return entries(answer, "NvtCertificate").map(readCertificate);
};

const readCertificate = (certificate: XmlElement): DeviceCertificate => ({
  id: textAt(certificate, "CertificateID"),
  der: Buffer.from(textAt(certificate, "Certificate", "Data"), "base64"),
});

/** Makes a key and a certificate for it. */
export const createCertificate = async (
  onvif: OnvifCaller,
  { id, subject, notAfter }: { readonly id: string; readonly subject: string; readonly notAfter: number },
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    argument("CertificateID", id),
    argument("Subject", subject),
    argument("ValidNotAfter", formatDateTime(notAfter)),
  ];
  await ask(onvif, { operation: "CreateCertificate", arguments: given }, cancel);
};

/** Brings a certificate for a key that the camera has. */
export const loadCertificates = async (
  onvif: OnvifCaller,
  certificates: readonly DeviceCertificate[],
  cancel: Cancellable,
): Promise<void> => {
  const given = certificates.map(({ id, der }) =>
    argument("NVTCertificate", part("CertificateID", id), part("Certificate", part("Data", der.toString("base64")))),
  );
  await ask(onvif, { operation: "LoadCertificates", arguments: given }, cancel);
};

export const deleteCertificates = async (
  onvif: OnvifCaller,
  ids: readonly string[],
  cancel: Cancellable,
): Promise<void> => {
  const given = ids.map((id) => argument("CertificateID", id));
  await ask(onvif, { operation: "DeleteCertificates", arguments: given }, cancel);
};

/** Whether the camera shows it where it speaks TLS. */
export interface CertificateStatus {
  readonly id: string;
  readonly inUse: boolean;
}

export const getCertificatesStatus = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<readonly CertificateStatus[]> => {
  const answer = await ask(onvif, { operation: "GetCertificatesStatus" }, cancel);
  return entries(answer, "CertificateStatus").map((one) => ({
    id: textAt(one, "CertificateID"),
    inUse: flag(textAt(one, "Status")) ?? false,
  }));
};

export const setCertificatesStatus = async (
  onvif: OnvifCaller,
  statuses: readonly CertificateStatus[],
  cancel: Cancellable,
): Promise<void> => {
  const given = statuses.map(({ id, inUse }) =>
    argument("CertificateStatus", part("CertificateID", id), part("Status", String(inUse))),
  );
  await ask(onvif, { operation: "SetCertificatesStatus", arguments: given }, cancel);
};
