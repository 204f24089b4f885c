import { readPrivateFile, systemCode, type Clock } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";

import { invalid, usableCertificate, type UsableCertificate } from "./usable-certificate.ts";

export interface OwnCertificateFiles {
  /** PEM: the certificate first, then those that lead to its authority. */
  readonly certificate: string;
  /** PEM; nobody but the gateway's user may be able to read it. */
  readonly key: string;
  /** The name that it has to be good for. */
  readonly name: string;
}

/**
 * The owner's own certificate, from files that another program renews.
 * @throws GatehouseError `certificate-invalid` with what is wrong, `file-permissions`
 */
export const readOwnCertificate = async (
  { certificate, key: keyFile, name }: OwnCertificateFiles,
  clock: Pick<Clock, "now">,
): Promise<UsableCertificate> => {
  const cert = await readText(certificate);
  const key = await readPrivateText(keyFile);
  return usableCertificate({ key, cert, name }, { key: keyFile, cert: certificate }, clock);
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
