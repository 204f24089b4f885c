import type { ServerCertificate } from "../../ports.ts";
import { makeCertificate, noEnd } from "../../protocols/x509/certificate.ts";
import type { KeyPair } from "../../store/kept-key.ts";

/**
 * The certificate that a relay or a gateway shows on the way between them: signed by its own key, of which the other side knows the pin.
 * Its name and its dates mean nothing to anybody.
 * @param name an id or a relay's name
 */
export const tunnelCertificate = (name: string, keys: KeyPair, kind: "client" | "server"): ServerCertificate => {
  const use = kind === "server" ? { kind, names: [name] } : { kind };
  const validity = { notBefore: 0, notAfter: noEnd };
  const options = { subject: name, publicKey: keys.publicKey, use, ...validity, issuer: { name, ...keys } };
  return {
    cert: makeCertificate(options).toString(),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
};
