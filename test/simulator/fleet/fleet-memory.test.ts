import { describe, expect, it } from "@jest/globals";

import { FleetCamera } from "./fleet-camera.ts";
import { FleetProcess } from "./fleet-process.ts";
import { makeFirmware } from "./onvif/firmware.ts";
import { Stranger, type Login } from "./testing/stranger.ts";

/** The ports of cameras are below 1024. */
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

const user = (username: string, password: string, level = "Administrator"): string =>
  `<o:User><t:Username xmlns:t="http://www.onvif.org/ver10/schema">${username}</t:Username>` +
  `<t:Password xmlns:t="http://www.onvif.org/ver10/schema">${password}</t:Password>` +
  `<t:UserLevel xmlns:t="http://www.onvif.org/ver10/schema">${level}</t:UserLevel></o:User>`;
const protocol = (name: string, enabled: boolean, port: number): string =>
  `<o:NetworkProtocols><Name>${name}</Name><Enabled>${enabled}</Enabled><Port>${port}</Port></o:NetworkProtocols>`;

describeAsRoot("a simulated camera remembers", () => {
  it("another password, at once and on the plane that was told alone", async () => {
    await using camera = await FleetCamera.open({ brand: "hikvision", weaknesses: { "NET-HTTP": true } });
    const stranger = new Stranger(camera);
    const { administrator: old } = camera.facts;
    const login: Login = { username: old.username, password: "Meadow-42.rust" };
    expect((await stranger.soap("device", "SetUser", user(login.username, login.password), old)).status).toBe(200);
    expect((await stranger.soap("device", "GetUsers", "", old)).status).toBe(400);
    expect((await stranger.soap("device", "GetUsers", "", login)).status).toBe(200);
    expect(camera.knows("onvif", login.username, login.password)).toBe(true);
    // Hikvision's web pages and RTSP go by users of their own.
    expect(camera.knows("web", old.username, old.password)).toBe(true);
    expect((await stranger.describe("/Streaming/Channels/101", old)).status).toBe(200);
    expect((await stranger.describe("/Streaming/Channels/101", login)).status).toBe(401);
  });

  it("passwords that are too long, too weak, and what a user may not do", async () => {
    await using camera = await FleetCamera.open({ brand: "hikvision" });
    const stranger = new Stranger(camera);
    const { administrator, username, password } = camera.facts;
    const set = async (secret: string): Promise<string> =>
      (await stranger.soap("device", "SetUser", user("admin", secret), administrator)).body;
    expect(await set("abcdefgh-1234567890")).toContain("ter:PasswordTooLong");
    expect(await set("abcdefgh")).toContain("ter:PasswordTooWeak");
    expect((await stranger.soap("device", "GetUsers", "", { username, password })).body).toContain("ter:NotAuthorized");
    expect((await stranger.soap("device", "GetDeviceInformation", "", { username, password })).status).toBe(200);
    expect(camera.counts.wrongPasswords).toEqual({});
  });

  it("that HTTP is off, after it has answered on it", async () => {
    await using camera = await FleetCamera.open({ brand: "axis", weaknesses: { "NET-HTTP": true } });
    const stranger = new Stranger(camera);
    const { administrator, address } = camera.facts;
    const plain = `http://${address}/onvif/device_service`;
    const body = stranger.envelope(
      `<o:SetNetworkProtocols xmlns:o="http://www.onvif.org/ver10/device/wsdl">${protocol("HTTP", false, 80)}</o:SetNetworkProtocols>`,
      stranger.token(administrator),
    );
    expect((await stranger.web("POST", plain, { body })).status).toBe(200);
    await expect(stranger.web("POST", plain, { body })).rejects.toThrow("ECONNREFUSED");
    expect(camera.truth["NET-HTTP"]).toBe("sound");
  });

  it("nothing while it lies, and says that it did", async () => {
    await using camera = await FleetCamera.open({ brand: "axis", lies: ["SetUser"] });
    const stranger = new Stranger(camera);
    const { administrator } = camera.facts;
    expect((await stranger.soap("device", "SetUser", user("root", "another-1"), administrator)).status).toBe(200);
    expect(camera.knows("onvif", administrator.username, administrator.password)).toBe(true);
    expect(camera.knows("web", administrator.username, administrator.password)).toBe(true);
    const mode = "<o:DiscoveryMode>Discoverable</o:DiscoveryMode>";
    expect((await stranger.soap("device", "SetDiscoveryMode", mode, administrator)).status).toBe(200);
    expect(camera.truth["DISC-ON"]).toBe("weak");
  });

  it("wrong passwords of an account over ONVIF, HTTP and RTSP, and locks it", async () => {
    await using camera = await FleetCamera.open({ brand: "axis", locksOut: true, weaknesses: { "NET-HTTP": true } });
    const stranger = new Stranger(camera);
    const { administrator: right, snapshotUrl } = camera.facts;
    const wrong = { ...right, password: "wrong" };
    expect((await stranger.soap("device", "GetUsers", "", wrong)).status).toBe(400);
    expect((await stranger.web("GET", snapshotUrl, { login: wrong })).status).toBe(401);
    expect((await stranger.describe("/axis-media/media.amp", wrong)).status).toBe(401);
    expect(camera.counts.wrongPasswords).toEqual({ root: { onvif: 1, http: 1, rtsp: 1 } });
    expect((await stranger.soap("device", "GetUsers", "", right)).body).toContain("locked");
    expect((await stranger.web("GET", snapshotUrl, { login: right })).status).toBe(403);
    expect((await stranger.describe("/axis-media/media.amp", right)).status).toBe(403);
    expect(camera.counts.refusedWhileLocked).toBe(3);
    await camera.reboot(0);
    expect((await stranger.soap("device", "GetUsers", "", right)).status).toBe(200);
  });

  it("new firmware of its own model, and is back after a restart", async () => {
    await using camera = await FleetCamera.open({ brand: "dahua", weaknesses: { "FW-KEV": true }, rebootMs: 0 });
    const stranger = new Stranger(camera);
    const { administrator } = camera.facts;
    const upload = async (file: Buffer): Promise<number> => {
      const { body } = await stranger.soap("device", "StartFirmwareUpgrade", "", administrator);
      const [, url = ""] = /<tds:UploadUri>([^<]+)</.exec(body) ?? [];
      return (await stranger.web("POST", url, { body: file })).status;
    };
    expect(await upload(makeFirmware("IPC-other", "9.9"))).toBe(415);
    expect(await upload(makeFirmware("IPC-HUM7442", "2.830.0000000.1.R.20260901"))).toBe(200);
    await camera.reboot();
    expect(camera.counts.reboots).toBe(2);
    expect((await stranger.soap("device", "GetDeviceInformation", "", administrator)).body).toContain("2.830.");
    expect(camera.truth).toMatchObject({ "FW-CVE": "sound", "FW-KEV": "sound", "FW-AGE": "sound" });
  });

  it("itself in a process of its own", async () => {
    await using camera = await FleetProcess.start({ brand: "tapo", weaknesses: { "NET-TELNET": true } });
    const { username, password } = camera.facts;
    expect(await camera.knows("onvif", username, password)).toBe(true);
    expect((await camera.truth())["NET-TELNET"]).toBe("weak");
    expect((await camera.state()).services.telnet).toBe(true);
    expect((await camera.counts()).connections.peak).toBe(0);
  });
});

describeAsRoot("a keystore", () => {
  const call = async (
    stranger: Stranger,
    url: string,
    login: Login,
    operation: string,
    args: string,
  ): Promise<string> => {
    const namespace = "http://www.onvif.org/ver10/advancedsecurity/wsdl";
    const body = stranger.envelope(
      `<o:${operation} xmlns:o="${namespace}">${args}</o:${operation}>`,
      stranger.token(login),
    );
    return (await stranger.web("POST", url, { body })).body;
  };
  const idOf = (body: string, name: string): string => new RegExp(`<tas:${name}>([^<]+)<`).exec(body)?.[1] ?? body;

  it("makes a key and a certificate, and HTTPS shows it", async () => {
    await using camera = await FleetCamera.open({ brand: "axis", weaknesses: { "NET-HTTPS-OFF": true } });
    const stranger = new Stranger(camera);
    const { administrator, address } = camera.facts;
    const tas = (operation: string, args: string) =>
      call(stranger, `http://${address}/onvif/AdvancedSecurity`, administrator, operation, args);
    const on = protocol("HTTPS", true, 443);
    expect((await stranger.soap("device", "SetNetworkProtocols", on, administrator)).body).toContain(
      "EnablingTlsFailed",
    );
    const curve = "<o:EllipticCurve>prime256v1</o:EllipticCurve>";
    const key = idOf(await tas("CreateECCKeyPair", curve), "KeyID");
    const subject = `<o:Subject><o:CommonName>${address}</o:CommonName></o:Subject><o:KeyID>${key}</o:KeyID>`;
    const certificate = idOf(await tas("CreateSelfSignedCertificate", subject), "CertificateID");
    const ids = `<o:CertificateIDs><o:CertificateID>${certificate}</o:CertificateID></o:CertificateIDs>`;
    const path = idOf(await tas("CreateCertificationPath", ids), "CertificationPathID");
    await tas("AddServerCertificateAssignment", `<o:CertificationPathID>${path}</o:CertificationPathID>`);
    expect((await stranger.soap("device", "SetNetworkProtocols", on, administrator)).status).toBe(200);
    expect((await stranger.web("GET", `https://${address}/`)).status).toBe(200);
    expect(await stranger.speaksTls(443, "TLSv1")).toBe(false);
    expect(camera.truth["NET-HTTPS-OFF"]).toBe("sound");
    expect(await tas("DeleteKey", `<o:KeyID>${key}</o:KeyID>`)).toContain("ter:ReferenceExists");
  });
});
