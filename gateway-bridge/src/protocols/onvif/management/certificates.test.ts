import { describe, expect, it } from "@jest/globals";

import {
  addServerCertificateAssignment,
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
  getAssignedServerCertificates,
  getEnabledTlsVersions,
  getKeyStatus,
  removeServerCertificateAssignment,
  replaceServerCertificateAssignment,
  setEnabledTlsVersions,
  uploadCertificate,
} from "./certificates.ts";
import {
  createCertificate,
  deleteCertificates,
  getCertificates,
  getCertificatesStatus,
  loadCertificates,
  setCertificatesStatus,
} from "./device-certificates.ts";
import { getSecurityCapabilities } from "./security-capabilities.ts";
import { outline, ScriptedCaller } from "./testing/scripted-caller.ts";

const cancel = { signal: new AbortController().signal };
const der = Buffer.from("3003020101", "hex");
const said = (onvif: ScriptedCaller): readonly string[] => onvif.asked.map(({ body }) => outline(body));

describe("the advanced security service", () => {
  it("makes keys and certificates and shows them", async () => {
    const onvif = new ScriptedCaller({
      CreateRSAKeyPair: "<KeyID>01.0</KeyID><EstimatedCreationTime>PT3S</EstimatedCreationTime>",
      CreateECCKeyPair: "<KeyID>k2</KeyID>",
      GetKeyStatus: "<KeyStatus>generating</KeyStatus>",
      CreateSelfSignedCertificate: "<CertificateID>c1</CertificateID>",
      UploadCertificate: "<CertificateID>c2</CertificateID><KeyID>k1</KeyID>",
      CreateCertificationPath: "<CertificationPathID>p1</CertificationPathID>",
      AddServerCertificateAssignment: "",
      RemoveServerCertificateAssignment: "",
      ReplaceServerCertificateAssignment: "",
      SetEnabledTLSVersions: "",
      DeleteKey: "",
      DeleteCertificate: "",
      DeleteCertificationPath: "",
    });
    expect(await createRsaKeyPair(onvif, { bits: 3072, alias: "a" }, cancel)).toEqual({ keyId: "01.0", estimatedMs: 3_000 }); // prettier-ignore
    expect(await createEccKeyPair(onvif, { curve: "secp256r1", alias: "a" }, cancel)).toEqual({ keyId: "k2", estimatedMs: 0 }); // prettier-ignore
    expect(await getKeyStatus(onvif, "k2", cancel)).toBe("generating");
    const wanted = { keyId: "k2", commonName: "A & B", alias: "a", signatureAlgorithm: "1.2.3", notAfter: Date.UTC(2036, 0, 1) }; // prettier-ignore
    expect(await createSelfSignedCertificate(onvif, wanted, cancel)).toBe("c1");
    expect(await uploadCertificate(onvif, { der, alias: "a" }, cancel)).toEqual({ certificateId: "c2", keyId: "k1" });
    expect(await createCertificationPath(onvif, { certificateIds: ["c1", "c2"], alias: "a" }, cancel)).toBe("p1");
    await addServerCertificateAssignment(onvif, "p1", cancel);
    await removeServerCertificateAssignment(onvif, "p1", cancel);
    await replaceServerCertificateAssignment(onvif, { from: "p0", to: "p1" }, cancel);
    await setEnabledTlsVersions(onvif, ["1.2", "1.3"], cancel);
    await deleteKey(onvif, "k1", cancel);
    await deleteCertificate(onvif, "c1", cancel);
    await deleteCertificationPath(onvif, "p1", cancel);
    expect(said(onvif)).toEqual([
      "CreateRSAKeyPair(KeyLength=3072 Alias=a)",
      "CreateECCKeyPair(EllipticCurve=secp256r1 Alias=a)",
      "GetKeyStatus(KeyID=k2)",
      "CreateSelfSignedCertificate(X509Version=3 Subject(CommonName=A & B) KeyID=k2 Alias=a notValidAfter=2036-01-01T00:00:00Z SignatureAlgorithm(algorithm=1.2.3))",
      "UploadCertificate(Certificate=MAMCAQE= Alias=a PrivateKeyRequired=true)",
      "CreateCertificationPath(CertificateIDs(CertificateID=c1 CertificateID=c2) Alias=a)",
      "AddServerCertificateAssignment(CertificationPathID=p1)",
      "RemoveServerCertificateAssignment(CertificationPathID=p1)",
      "ReplaceServerCertificateAssignment(OldCertificationPathID=p0 NewCertificationPathID=p1)",
      "SetEnabledTLSVersions(Versions=1.2 1.3)",
      "DeleteKey(KeyID=k1)",
      "DeleteCertificate(CertificateID=c1)",
      "DeleteCertificationPath(CertificationPathID=p1)",
    ]);
    expect(new Set(onvif.asked.map(({ service }) => service))).toEqual(new Set(["security"]));
    expect(onvif.asked[0]?.body.namespace).toBe("http://www.onvif.org/ver10/advancedsecurity/wsdl");
  });

  it("tells what it holds", async () => {
    const onvif = new ScriptedCaller({
      GetAllCertificates: "<Certificate><CertificateID>c1</CertificateID><KeyID>k1</KeyID><Alias>a</Alias><CertificateContent>MAMC\nAQE=</CertificateContent></Certificate>",
      GetAllKeys: "<KeyAttribute><KeyID>k1</KeyID><Alias>a</Alias><KeyStatus>ok</KeyStatus></KeyAttribute>",
      GetAllCertificationPaths: "<CertificationPathID>p1</CertificationPathID>",
      GetCertificationPath: "<CertificationPath><CertificateID>c1</CertificateID><Alias>b</Alias></CertificationPath>",
      GetAssignedServerCertificates: "<CertificationPathID>p1</CertificationPathID>",
      GetEnabledTLSVersions: "<Versions>1.0 1.2</Versions>",
    }); // prettier-ignore
    expect(await getAllCertificates(onvif, cancel)).toEqual([{ certificateId: "c1", keyId: "k1", alias: "a", der }]);
    expect(await getAllKeys(onvif, cancel)).toEqual([{ keyId: "k1", alias: "a", status: "ok" }]);
    expect(await getAllCertificationPaths(onvif, cancel)).toEqual([{ pathId: "p1", certificateIds: ["c1"], alias: "b" }]); // prettier-ignore
    expect(await getAssignedServerCertificates(onvif, cancel)).toEqual(["p1"]);
    expect(await getEnabledTlsVersions(onvif, cancel)).toEqual(["1.0", "1.2"]);
  });

  it.each([
    [`KeyPairGeneration="RSA ECC"`, [2048, 3072], ["secp256r1"]],
    [`RSAKeyPairGeneration="true"`, [2048, 3072], []],
    [`ECCKeyPairGeneration="1"`, [], ["secp256r1"]],
    ["", [], []],
  ])("tells which keys it makes: %s", async (says, rsaKeyLengths, ellipticCurves) => {
    const onvif = new ScriptedCaller({
      GetServiceCapabilities: `<Capabilities><KeystoreCapabilities ${says} RSAKeyLengths="2048 3072" EllipticCurves="secp256r1" SelfSignedCertificateCreationWithRSA="true"><SignatureAlgorithms><algorithm>1.2.840.113549.1.1.11</algorithm></SignatureAlgorithms></KeystoreCapabilities><TLSServerCapabilities TLSServerSupported="1.0 1.2" EnabledVersionsSupported="true"/></Capabilities>`,
    });
    expect(await getSecurityCapabilities(onvif, cancel)).toEqual({
      rsaKeyLengths,
      ellipticCurves,
      selfSigned: true,
      signatureAlgorithms: ["1.2.840.113549.1.1.11"],
      tlsVersions: ["1.0", "1.2"],
      switchesTlsVersions: true,
    });
  });
});

it("speaks of certificates to the device service of older cameras, too", async () => {
  const onvif = new ScriptedCaller({
    GetCertificates: "<NvtCertificate><CertificateID>1.0</CertificateID><Certificate><Data>MAMCAQE=</Data></Certificate></NvtCertificate>",
    GetCertificatesStatus: "<CertificateStatus><CertificateID>1.0</CertificateID><Status>true</Status></CertificateStatus>",
    CreateCertificate: "",
    LoadCertificates: "",
    SetCertificatesStatus: "",
    DeleteCertificates: "",
  }); // prettier-ignore
  expect(await getCertificates(onvif, cancel)).toEqual([{ id: "1.0", der }]);
  expect(await getCertificatesStatus(onvif, cancel)).toEqual([{ id: "1.0", inUse: true }]);
  await createCertificate(onvif, { id: "g", subject: "CN=cam", notAfter: Date.UTC(2036, 0, 1) }, cancel);
  await loadCertificates(onvif, [{ id: "g", der }], cancel);
  await setCertificatesStatus(onvif, [{ id: "g", inUse: true }], cancel);
  await deleteCertificates(onvif, ["g"], cancel);
  expect(said(onvif).slice(2)).toEqual([
    "CreateCertificate(CertificateID=g Subject=CN=cam ValidNotAfter=2036-01-01T00:00:00Z)",
    "LoadCertificates(NVTCertificate(CertificateID=g Certificate(Data=MAMCAQE=)))",
    "SetCertificatesStatus(CertificateStatus(CertificateID=g Status=true))",
    "DeleteCertificates(CertificateID=g)",
  ]);
});
