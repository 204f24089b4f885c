import { GatehouseError, isError, type Clock } from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

import type { ServerCertificate } from "../ports.ts";

export interface UsableCertificate extends ServerCertificate {
  readonly x509: X509Certificate;
}

/**
 * A certificate that is good for this name now, and whose key this is.
 * @param sources what to call them where they are not
 * @throws GatehouseError `certificate-invalid` with what is wrong
 */
export const usableCertificate = (
  { key, cert, name }: ServerCertificate & { readonly name: string },
  sources: { readonly key: string; readonly cert: string },
  clock: Pick<Clock, "now">,
): UsableCertificate => {
  const x509 = parse(cert, sources.cert);
  try {
    createSecureContext({ key, cert });
  } catch (cause) {
    // OpenSSL's words name what does not fit, and quote nothing.
    const why = isError(cause) ? cause.message : String(cause);
    throw invalid(`${sources.key} is no key of ${sources.cert}: ${why}`, cause);
  }
  if (x509.checkHost(name, { subject: "never" }) === undefined) {
    throw invalid(`${sources.cert} is not for ${name} but for ${x509.subjectAltName ?? "no name at all"}`);
  }
  const now = clock.now();
  if (now < x509.validFromDate.getTime()) throw invalid(`${sources.cert} is good from ${x509.validFrom} on only`);
  if (now >= x509.validToDate.getTime()) throw invalid(`${sources.cert} was good until ${x509.validTo}`);
  return { key, cert, x509 };
};

export const invalid = (message: string, cause?: unknown): GatehouseError =>
  new GatehouseError("certificate-invalid", message, { cause });

const parse = (pem: string, source: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(`${source} holds no certificate in PEM`, cause);
  }
};
