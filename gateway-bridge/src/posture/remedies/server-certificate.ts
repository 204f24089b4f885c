import { GatehouseError, isGatehouseError, spkiPin, type Cancellable, type Clock } from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";

import {
  createCertificationPath,
  createEccKeyPair,
  createRsaKeyPair,
  createSelfSignedCertificate,
  deleteCertificate,
  deleteCertificationPath,
  deleteKey,
  getAllCertificates,
  getAllCertificationPaths,
  getAllKeys,
  getKeyStatus,
} from "../../protocols/onvif/management/certificates.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { KeyChoice } from "./key-choice-policy.ts";

/** A certificate of a camera for its TLS server, which the camera made for a key that never leaves it. */
export interface ServerCertificate {
  /** Its certification path. */
  readonly pathId: string;
  /** SHA-256 of its key, base64url: what the camera will show. */
  readonly pin: string;
}

export interface CertificateOrder {
  /** By which the parts are found again after an interruption. */
  readonly alias: string;
  /** The camera's address: what browsers compare. */
  readonly commonName: string;
  readonly key: KeyChoice;
  readonly clock: Clock;
}

const years = 10;
const yearMs = 365 * 24 * 3_600_000;
/** A slow camera takes a minute for a long RSA key. */
const longestMakingMs = 180_000;
const askAgainMs = 1_000;

/**
 * Has a camera make key, certificate and path, each of them once: what an interrupted order left behind is used.
 * @throws GatehouseError as OnvifCaller.call; `remedy-failed` where the camera makes no key, or a certificate that is none
 */
export const orderCertificate = async (
  onvif: OnvifCaller,
  order: CertificateOrder,
  cancel: Cancellable,
): Promise<ServerCertificate> => {
  const { alias } = order;
  const made = (await getAllCertificates(onvif, cancel)).find((one) => one.alias === alias);
  if (made === undefined) await makeCertificate(onvif, order, cancel);
  const certificate = made ?? (await getAllCertificates(onvif, cancel)).find((one) => one.alias === alias);
  if (certificate === undefined)
    throw new GatehouseError("remedy-failed", "The camera did not keep the certificate that it made.");
  const path = (await getAllCertificationPaths(onvif, cancel)).find((one) => one.alias === alias);
  const certificateIds = [certificate.certificateId];
  const pathId = path?.pathId ?? (await createCertificationPath(onvif, { certificateIds, alias }, cancel));
  return { pathId, pin: pinOf(certificate.der) };
};

const makeCertificate = async (onvif: OnvifCaller, order: CertificateOrder, cancel: Cancellable): Promise<void> => {
  const { alias, commonName, key, clock } = order;
  const known = (await getAllKeys(onvif, cancel)).find((one) => one.alias === alias && one.status !== "corrupt");
  const keyId = known?.keyId ?? (await makeKey(onvif, order, cancel));
  await awaitKey(onvif, { keyId, clock }, cancel);
  // As late as tomorrow by the camera's own clock it must count already.
  const notBefore = Math.min(clock.now(), onvif.cameraNow) - 24 * 3_600_000;
  const notAfter = clock.now() + years * yearMs;
  const signatureAlgorithm = key.signature;
  await createSelfSignedCertificate(
    onvif,
    { keyId, commonName, alias, signatureAlgorithm, notBefore, notAfter },
    cancel,
  );
};

const makeKey = async (onvif: OnvifCaller, { key, alias }: CertificateOrder, cancel: Cancellable): Promise<string> => {
  const { keyId } =
    key.kind === "ecc"
      ? await createEccKeyPair(onvif, { curve: key.curve, alias }, cancel)
      : await createRsaKeyPair(onvif, { bits: key.bits, alias }, cancel);
  return keyId;
};

const awaitKey = async (
  onvif: OnvifCaller,
  { keyId, clock }: { readonly keyId: string; readonly clock: Clock },
  cancel: Cancellable,
): Promise<void> => {
  const until = clock.monotonic() + longestMakingMs;
  for (;;) {
    const status = await getKeyStatus(onvif, keyId, cancel);
    if (status === "ok") return;
    if (status !== "generating" || clock.monotonic() >= until) {
      throw new GatehouseError("remedy-failed", `The camera could not make a key (${status.slice(0, 40)}).`);
    }
    await clock.delay(askAgainMs, cancel);
  }
};

const pinOf = (der: Buffer): string => {
  try {
    return spkiPin(new X509Certificate(der).publicKey.export({ type: "spki", format: "der" }));
  } catch (cause) {
    throw new GatehouseError("remedy-failed", "What the camera made is no certificate.", { cause });
  }
};

/** Takes away what was made under that name, and what it rests on. What the camera keeps all the same does no harm. */
export const dropCertificate = async (onvif: OnvifCaller, alias: string, cancel: Cancellable): Promise<void> => {
  const named = <T extends { readonly alias: string }>(all: readonly T[]): readonly T[] =>
    all.filter((one) => one.alias === alias);
  for (const { pathId } of named(await getAllCertificationPaths(onvif, cancel)))
    await unlessRefused(deleteCertificationPath(onvif, pathId, cancel));
  for (const { certificateId } of named(await getAllCertificates(onvif, cancel)))
    await unlessRefused(deleteCertificate(onvif, certificateId, cancel));
  for (const { keyId } of named(await getAllKeys(onvif, cancel))) await unlessRefused(deleteKey(onvif, keyId, cancel));
};

const unlessRefused = async (asked: Promise<void>): Promise<void> => {
  try {
    await asked;
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== "camera-fault") throw error;
  }
};
