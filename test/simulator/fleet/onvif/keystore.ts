import { createPrivateKey, generateKeyPair, X509Certificate } from "node:crypto";
import { promisify } from "node:util";

import { element, escapeXml, SoapFault, type XmlPart } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import type { Certificate, TlsState } from "../camera-state.ts";
import { selfSigned, toPem } from "../tls-keys.ts";
import { readSystem, tag, writeSystem, type Operations } from "./operation.ts";

const makeKeyPair = promisify(generateKeyPair);

const unknown = (what: string): SoapFault => new SoapFault(`ter:${what}ID`, `no such ${what.toLowerCase()}`);
const inUse = (): SoapFault => new SoapFault("ter:ReferenceExists", "it is in use");
const newId = (kind: string): string => `${kind}-${crypto.randomUUID().slice(0, 8)}`;
const pick = <T extends { readonly id: string }>(list: readonly T[], id: string | undefined, what: string): T => {
  const found = list.find((entry) => entry.id === id);
  if (found === undefined) throw unknown(what);
  return found;
};

const addKey = ({ tls }: CameraCore["state"], privateKey: string, alias: string): string => {
  if (tls.keys.length >= 16) throw new SoapFault("ter:MaximumNumberOfKeysReached", "no room for another key");
  const id = newId("key");
  tls.keys.push({ id, alias, privateKey });
  return tag("tas:KeyID", id) + tag("tas:EstimatedCreationTime", "PT0S");
};

/** Security Configuration 5.2.6: keys. They are there at once, whatever the estimate. */
const keys: Operations = {
  CreateRSAKeyPair: writeSystem(async ({ state }, body) => {
    const bits = Number(body.text("KeyLength"));
    if (![2_048, 3_072, 4_096].includes(bits)) throw new SoapFault("ter:KeyLength", "no such length");
    const { privateKey } = await makeKeyPair("rsa", { modulusLength: bits });
    return addKey(state, toPem(privateKey), body.text("Alias") ?? "");
  }),
  CreateECCKeyPair: writeSystem(async ({ state }, body) => {
    if (!["prime256v1", "P-256", "secp256r1"].includes(body.text("EllipticCurve") ?? "")) {
      throw new SoapFault("ter:EllipticCurve", "no such curve");
    }
    const { privateKey } = await makeKeyPair("ec", { namedCurve: "P-256" });
    return addKey(state, toPem(privateKey), body.text("Alias") ?? "");
  }),
  GetKeyStatus: readSystem(({ state: { tls } }, body) => {
    pick(tls.keys, body.text("KeyID"), "Key");
    return tag("tas:KeyStatus", "ok");
  }),
  GetAllKeys: readSystem(({ state: { tls } }) =>
    tls.keys
      .map(({ id, alias }) =>
        element(
          "tas:KeyAttribute",
          tag("tas:KeyID", id),
          tag("tas:Alias", escapeXml(alias)),
          tag("tas:hasPrivateKey", true),
          tag("tas:KeyStatus", "ok"),
        ),
      )
      .join(""),
  ),
  DeleteKey: writeSystem(({ state: { tls } }, body) => {
    const { id } = pick(tls.keys, body.text("KeyID"), "Key");
    if (tls.certificates.some(({ key }) => key === id)) throw inUse();
    tls.keys = tls.keys.filter((key) => key.id !== id);
    return "";
  }),
};

const store = ({ tls }: CameraCore["state"], certificate: Omit<Certificate, "id">): string => {
  const id = newId("cert");
  tls.certificates.push({ id, ...certificate });
  return id;
};

/** Security Configuration 5.2.7: certificates. */
const certificates: Operations = {
  CreateSelfSignedCertificate: writeSystem((core, body) => {
    const { id, privateKey } = pick(core.state.tls.keys, body.text("KeyID"), "Key");
    const name = body.text("CommonName") ?? core.address;
    const pem = selfSigned(name, createPrivateKey(privateKey), validity(body));
    return tag("tas:CertificateID", store(core.state, { alias: body.text("Alias") ?? "", key: id, pem }));
  }),
  UploadCertificate: writeSystem(({ state }, body) => {
    const certificate = parseCertificate(body.text("Certificate") ?? "");
    const key = state.tls.keys.find(({ privateKey }) => certificate.checkPrivateKey(createPrivateKey(privateKey)));
    if (key === undefined && body.text("PrivateKeyRequired") === "true") {
      throw new SoapFault("ter:NoMatchingPrivateKey", "no key of this camera belongs to it");
    }
    const given = { alias: body.text("Alias") ?? "", key: key?.id ?? "", pem: certificate.toString() };
    return tag("tas:CertificateID", store(state, given)) + tag("tas:KeyID", key?.id ?? newId("key"));
  }),
  GetCertificate: readSystem(({ state: { tls } }, body) =>
    writeCertificate(pick(tls.certificates, body.text("CertificateID"), "Certificate")),
  ),
  GetAllCertificates: readSystem(({ state: { tls } }) => tls.certificates.map(writeCertificate).join("")),
  DeleteCertificate: writeSystem(({ state: { tls } }, body) => {
    const { id } = pick(tls.certificates, body.text("CertificateID"), "Certificate");
    if (tls.paths.some((path) => path.certificates.includes(id))) throw inUse();
    tls.certificates = tls.certificates.filter((certificate) => certificate.id !== id);
    return "";
  }),
};

const parseCertificate = (base64: string): X509Certificate => {
  try {
    return new X509Certificate(Buffer.from(base64, "base64"));
  } catch {
    throw new SoapFault("ter:BadCertificate", "not a certificate");
  }
};

const utcTime = (text: string | undefined): string | undefined => {
  const at = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : `${new Date(at).toISOString().replace(/\D/g, "").slice(2, 14)}Z`;
};

const validity = (body: XmlPart): { notBefore?: string; notAfter?: string } => {
  const [notBefore, notAfter] = [utcTime(body.text("notValidBefore")), utcTime(body.text("notValidAfter"))];
  return { ...(notBefore === undefined ? {} : { notBefore }), ...(notAfter === undefined ? {} : { notAfter }) };
};

const writeCertificate = ({ id, alias, key, pem }: Certificate): string =>
  element(
    "tas:Certificate",
    tag("tas:CertificateID", id),
    tag("tas:KeyID", key),
    tag("tas:Alias", escapeXml(alias)),
    tag("tas:CertificateContent", new X509Certificate(pem).raw.toString("base64")),
  );

/** Security Configuration 5.2.8 and 5.3: paths, and what the TLS server shows. */
const server: Operations = {
  CreateCertificationPath: writeSystem(({ state: { tls } }, body) => {
    const ids = body.texts("CertificateID");
    for (const id of ids) pick(tls.certificates, id, "Certificate");
    const id = newId("path");
    tls.paths.push({ id, alias: body.text("Alias") ?? "", certificates: ids });
    return tag("tas:CertificationPathID", id);
  }),
  GetCertificationPath: readSystem(({ state: { tls } }, body) => {
    const path = pick(tls.paths, body.text("CertificationPathID"), "CertificationPath");
    const ids = path.certificates.map((id) => tag("tas:CertificateID", id));
    return element("tas:CertificationPath", ...ids, tag("tas:Alias", escapeXml(path.alias)));
  }),
  GetAllCertificationPaths: readSystem(({ state: { tls } }) =>
    tls.paths.map(({ id }) => tag("tas:CertificationPathID", id)).join(""),
  ),
  DeleteCertificationPath: writeSystem(({ state: { tls } }, body) => {
    const { id } = pick(tls.paths, body.text("CertificationPathID"), "CertificationPath");
    if (tls.assigned.includes(id)) throw inUse();
    tls.paths = tls.paths.filter((path) => path.id !== id);
    return "";
  }),
  AddServerCertificateAssignment: writeSystem(({ state: { tls } }, body) => {
    if (tls.assigned.length > 0) {
      throw new SoapFault("ter:MaximumNumberOfTLSCertificationPathsReached", "another one is assigned");
    }
    tls.assigned = [servable(tls, body.text("CertificationPathID"))];
    return "";
  }),
  RemoveServerCertificateAssignment: writeSystem(({ state }, body) => {
    const id = body.text("CertificationPathID");
    if (id === undefined || !state.tls.assigned.includes(id))
      throw new SoapFault("ter:OldCertificationPathID", "not assigned");
    if (state.protocols.HTTPS.enabled) throw inUse();
    state.tls.assigned = [];
    return "";
  }),
  ReplaceServerCertificateAssignment: writeSystem(({ state: { tls } }, body) => {
    const old = body.text("OldCertificationPathID");
    if (old === undefined || !tls.assigned.includes(old))
      throw new SoapFault("ter:OldCertificationPathID", "not assigned");
    tls.assigned = [servable(tls, body.text("NewCertificationPathID"))];
    return "";
  }),
  GetAssignedServerCertificates: readSystem(({ state: { tls } }) =>
    tls.assigned.map((id) => tag("tas:CertificationPathID", id)).join(""),
  ),
  GetEnabledTLSVersions: readSystem(({ state: { tls } }) => tag("tas:Versions", tls.versions.join(" "))),
  SetEnabledTLSVersions: writeSystem(({ state: { tls } }, body) => {
    const versions = (body.text("Versions") ?? "").split(/\s+/).filter((version) => version !== "");
    if (versions.length === 0 || versions.some((version) => !["1.0", "1.1", "1.2", "1.3"].includes(version))) {
      throw new SoapFault("ter:InvalidArgVal", "no such version");
    }
    tls.versions = versions;
    return "";
  }),
};

/** A path whose first certificate has a key here. */
const servable = (tls: TlsState, id: string | undefined): string => {
  const path = pick(tls.paths, id, "CertificationPath");
  const { key } = pick(tls.certificates, path.certificates[0], "Certificate");
  if (tls.keys.every((known) => known.id !== key)) throw new SoapFault("ter:NoPrivateKey", "its key is not here");
  return path.id;
};

export const keystoreOperations: Operations = { ...keys, ...certificates, ...server };
