import { GatehouseError, isError, readPrivateFile, systemCode, type Clock } from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

import type { ServerCertificate } from "../ports.ts";

export interface OwnCertificateFiles {
  /** PEM: the certificate first, then those that lead to its authority. */
  readonly certificate: string;
  /** PEM; nobody but the gateway's user may be able to read it. */
  readonly key: string;
  /** The name that it has to be good for. */
  readonly name: string;
}

export interface OwnCertificate extends ServerCertificate {
  readonly x509: X509Certificate;
}

/**
 * The owner's own certificate, from files that another program renews.
 * @throws GatehouseError `certificate-invalid` with what is wrong, `file-permissions`
 */
export const readOwnCertificate = async (
  { certificate, key: keyFile, name }: OwnCertificateFiles,
  clock: Pick<Clock, "now">,
): Promise<OwnCertificate> => {
  const cert = await readText(certificate);
  const key = await readPrivateText(keyFile);
  const x509 = parse(cert, certificate);
  try {
    createSecureContext({ key, cert });
  } catch (cause) {
    // OpenSSL's words name what does not fit, and quote nothing.
    const why = isError(cause) ? cause.message : String(cause);
    throw invalid(`${keyFile} is no key of ${certificate}: ${why}`, cause);
  }
  if (x509.checkHost(name, { subject: "never" }) === undefined) {
    throw invalid(`${certificate} is not for ${name} but for ${x509.subjectAltName ?? "no name at all"}`);
  }
  const now = clock.now();
  if (now < x509.validFromDate.getTime()) throw invalid(`${certificate} is good from ${x509.validFrom} on only`);
  if (now >= x509.validToDate.getTime()) throw invalid(`${certificate} was good until ${x509.validTo}`);
  return { key, cert, x509 };
};

const invalid = (message: string, cause?: unknown): GatehouseError =>
  new GatehouseError("certificate-invalid", message, { cause });

const parse = (pem: string, file: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(`${file} holds no certificate in PEM`, cause);
  }
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw invalid(`${file} cannot be read (${systemCode(cause) ?? "unknown"})`, cause);
  }
};

const readPrivateText = async (file: string): Promise<string> => {
  let content: Buffer | undefined;
  try {
    content = await readPrivateFile(file);
  } catch (cause) {
    if (systemCode(cause) === "file-permissions") throw cause;
    throw invalid(`${file} cannot be read (${systemCode(cause) ?? "unknown"})`, cause);
  }
  if (content === undefined) throw invalid(`${file} cannot be read (ENOENT)`);
  return content.toString("utf8");
};
