import { describe, expect, it } from "@jest/globals";

import { FleetCamera } from "../fleet-camera.ts";
import { Stranger } from "../testing/stranger.ts";
import type { Weaknesses } from "../weaknesses.ts";

/** The ports of cameras are below 1024. */
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

const exposed: Weaknesses = {
  "NET-HTTP": true,
  "CAM-P2P": true,
  "CAM-UPNP": true,
  "NET-TELNET": true,
  "NET-SSH": true,
};
const open = async (brand: "hikvision" | "dahua" | "reolink" | "axis", weaknesses: Weaknesses = exposed) => {
  const camera = await FleetCamera.open({ brand, weaknesses });
  return { camera, stranger: new Stranger(camera), at: `http://${camera.facts.address}` };
};

describeAsRoot("the vendor's own words", () => {
  it("of Hikvision read and switch settings, tell of locks, and change the users of its web pages", async () => {
    const { camera, stranger, at } = await open("hikvision");
    await using _ = camera;
    const { administrator: login } = camera.facts;
    const put = (path: string, body: string) => stranger.web("PUT", at + path, { login, body });
    const ezviz = "/ISAPI/System/Network/EZVIZ";
    expect((await stranger.web("GET", at + ezviz)).status).toBe(401);
    expect((await stranger.web("GET", at + ezviz, { login })).body).toContain("<enabled>true</enabled>");
    expect((await put(ezviz, "<EZVIZ><enabled>false</enabled></EZVIZ>")).status).toBe(200);
    expect((await put("/ISAPI/System/Network/telnetd", "<Telnetd><enabled>false</enabled></Telnetd>")).status).toBe(
      200,
    );
    expect((await put("/ISAPI/System/Network/UPnP", "<UPnP><enabled>false</enabled></UPnP>")).status).toBe(200);
    expect(camera.truth).toMatchObject({ "CAM-P2P": "sound", "CAM-UPNP": "sound", "NET-TELNET": "sound" });
    expect(await stranger.banner(23, false)).toBeUndefined();
    const check = await stranger.web("GET", `${at}/ISAPI/Security/userCheck`, { login: { ...login, password: "x" } });
    expect(check.body).toMatch(/<lockStatus>unlock<.*<retryLoginTime>6</);
    const [, id = ""] =
      /<id>(\d)<\/id><userName>admin</.exec(
        (await stranger.web("GET", `${at}/ISAPI/Security/users`, { login })).body,
      ) ?? [];
    expect((await put(`/ISAPI/Security/users/${id}`, "<User><password>Tulip-99-moss</password></User>")).status).toBe(
      200,
    );
    expect(camera.knows("web", "admin", "Tulip-99-moss")).toBe(true);
    expect(camera.knows("onvif", "admin", login.password)).toBe(true);
  });

  it("of Dahua read and switch settings by their whole names", async () => {
    const { camera, stranger, at } = await open("dahua");
    await using _ = camera;
    const { administrator: login } = camera.facts;
    const get = async (query: string) => (await stranger.web("GET", `${at}/cgi-bin/${query}`, { login })).body;
    const manager = "configManager.cgi?action=";
    expect(await get(`${manager}getConfig&name=T2UServer`)).toBe("table.T2UServer.Enable=true\r\n");
    expect(await get(`${manager}setConfig&T2UServer.Enable=false&UPnP.Enable=false&Telnet.Enable=false`)).toBe(
      "OK\r\n",
    );
    expect(await get(`${manager}getConfig&name=T2UServer`)).toBe("table.T2UServer.Enable=false\r\n");
    expect(await get("netApp.cgi?action=getUPnPStatus")).toContain("Working=false");
    expect(await get(`${manager}setConfig&NoSuch.Enable=false`)).toContain("Error");
    expect(camera.truth).toMatchObject({ "CAM-P2P": "sound", "CAM-UPNP": "sound", "NET-TELNET": "sound" });
    camera.lies = true;
    expect(await get(`${manager}setConfig&T2UServer.Enable=true`)).toBe("OK\r\n");
    expect(camera.truth["CAM-P2P"]).toBe("sound");
  });

  it("of Reolink take a token, and say that nobody has set it up", async () => {
    const { camera, stranger, at } = await open("reolink");
    await using _ = camera;
    const { administrator } = camera.facts;
    const command = async (cmd: string, param: object, token = ""): Promise<string> => {
      const body = JSON.stringify([{ cmd, action: 0, param }]);
      return (await stranger.web("POST", `${at}/cgi-bin/api.cgi?cmd=${cmd}&token=${token}`, { body })).body;
    };
    const login = { userName: administrator.username, password: administrator.password };
    const [, token = ""] = /"name":"(\w+)"/.exec(await command("Login", { User: login })) ?? [];
    expect(await command("GetP2p", {})).toContain("please login first");
    expect(await command("GetP2p", {}, token)).toContain('"enable":1');
    expect(await command("SetP2p", { P2p: { enable: 0 } }, token)).toContain('"rspCode":200');
    expect(await command("SetUpnp", { Upnp: { enable: 0 } }, token)).toContain('"rspCode":200');
    expect(camera.truth).toMatchObject({ "CAM-P2P": "sound", "CAM-UPNP": "sound" });
    expect(await command("Login", { User: { ...login, password: "no" } })).toContain('"rspCode":-7');
    expect(camera.counts.wrongPasswords).toEqual({ admin: { onvif: 0, http: 1, rtsp: 0 } });
    await using fresh = await FleetCamera.open({
      brand: "reolink",
      weaknesses: { "CAM-INIT": true, "NET-HTTP": true },
    });
    const body = JSON.stringify([{ cmd: "Login", param: { User: login } }]);
    const answer = await new Stranger(fresh).web("POST", `http://${fresh.facts.address}/cgi-bin/api.cgi?cmd=Login`, {
      body,
    });
    expect(answer.body).toContain('"rspCode":-505');
  });

  it("of Axis list and update parameters", async () => {
    const { camera, stranger, at } = await open("axis", { ...exposed, "RTSP-ANON": true, "ONVIF-REPLAY": true });
    await using _ = camera;
    const { administrator: login } = camera.facts;
    const get = async (query: string) =>
      (await stranger.web("GET", `${at}/axis-cgi/param.cgi?${query}`, { login })).body;
    expect(await get("action=list&group=root.Network.UPnP")).toContain("root.Network.UPnP.Enabled=yes\n");
    const wanted = [
      "RemoteService.Enabled=no&Network.UPnP.Enabled=no&Network.SSH.Enabled=no&root.Network.RTSP.ProtViewer=password",
      "WebService.UsernameToken.ReplayAttackProtection=yes",
    ];
    expect(await get(`action=update&${wanted.join("&")}`)).toBe("OK\n");
    expect(await get("action=update&Properties.Firmware.Version=1")).toContain("Error");
    const sound = ["CAM-P2P", "CAM-UPNP", "NET-SSH", "RTSP-ANON", "ONVIF-REPLAY"].map((id) => [id, "sound"]);
    expect(camera.truth).toMatchObject(Object.fromEntries(sound) as object);
    expect((await stranger.describe("/axis-media/media.amp")).status).toBe(401);
  });
});
