import type { Cancellable } from "@gatehouse/shared";

import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { ask, count, entries, flag, words } from "./ask.ts";

/** What a camera's advanced security service can do; empty or false where it does not say. */
export interface SecurityCapabilities {
  /** Bits of RSA keys that it makes by itself; empty where it makes none. */
  readonly rsaKeyLengths: readonly number[];
  /** Curves of keys that it makes by itself: `secp256r1`. */
  readonly ellipticCurves: readonly string[];
  readonly selfSigned: boolean;
  /** Dotted object identifiers. */
  readonly signatureAlgorithms: readonly string[];
  /** `1.0`, `1.2`, `1.3`. */
  readonly tlsVersions: readonly string[];
  /** Whether single versions can be switched off. */
  readonly switchesTlsVersions: boolean;
}

export const getSecurityCapabilities = async (onvif: OnvifCaller, cancel: Cancellable): Promise<SecurityCapabilities> =>
  readSecurityCapabilities(await ask(onvif, { service: "security", operation: "GetServiceCapabilities" }, cancel));

export const readSecurityCapabilities = (answer: XmlElement): SecurityCapabilities => {
  const keystore = find(answer, "Capabilities", "KeystoreCapabilities");
  const tls = find(answer, "Capabilities", "TLSServerCapabilities");
  const says = (name: string): boolean => flag(keystore?.attributes.get(name)) ?? false;
  // The list is the younger form; the two flags are deprecated since it came (advancedsecurity.wsdl, KeystoreCapabilities).
  const makes = words(keystore?.attributes.get("KeyPairGeneration"));
  const rsa = makes.includes("RSA") || says("RSAKeyPairGeneration");
  const ecc = makes.includes("ECC") || says("ECCKeyPairGeneration");
  return {
    rsaKeyLengths: rsa ? words(keystore?.attributes.get("RSAKeyLengths")).flatMap((bits) => count(bits) ?? []) : [],
    ellipticCurves: ecc ? words(keystore?.attributes.get("EllipticCurves")) : [],
    selfSigned: says("SelfSignedCertificateCreation") || says("SelfSignedCertificateCreationWithRSA"),
    signatureAlgorithms: entries(keystore, "SignatureAlgorithms").map((one) => textAt(one, "algorithm")),
    tlsVersions: words(tls?.attributes.get("TLSServerSupported")),
    switchesTlsVersions: flag(tls?.attributes.get("EnabledVersionsSupported")) ?? false,
  };
};
