import { describe, expect, it } from "@jest/globals";

import { scriptedCamera, type CameraScript, type ScriptedCamera } from "../checks/testing/scripted-camera.ts";
import type { Vendor } from "../probe/probed-camera.ts";
import { settingOf } from "./settings-of.ts";
import type { SettingName, SettingState, SettingValues } from "./vendor-setting.ts";

const never = { signal: new AbortController().signal };
type Web = NonNullable<CameraScript["http"]>;

/** Answers that the camera gives the gateway alone. */
const own = (answers: Readonly<Record<string, { readonly status?: number; readonly body?: string }>>): Web =>
  Object.fromEntries(Object.entries(answers).map(([question, answer]) => [question, { by: { gateway: answer } }]));

const isapi = (answers: Readonly<Record<string, { readonly status?: number; readonly body?: string }>>): Web =>
  own({ "GET /ISAPI/System/deviceInfo": {}, ...answers });
const ezviz = "GET /ISAPI/System/Network/EZVIZ";
const switchOf = (enabled: string): string =>
  `<EZVIZ xmlns="http://www.hikvision.com/ver20/XMLSchema"><enabled>${enabled}</enabled></EZVIZ>`;
const told = (on: boolean, values: SettingValues): SettingState => ({ kind: "told", on, values });
const absent: SettingState = { kind: "absent" };
const refused: SettingState = { kind: "refused" };

const ftpPage = (enabled: string): string =>
  `<List><One><id>1</id><enabled>${enabled}</enabled><hostName>a.example</hostName><password>***</password></One></List>`;
const [ftp, mail, rtsp] = [
  ...["/ISAPI/System/Network/ftp", "/ISAPI/System/Network/mailing", "/ISAPI/Security/RTSPCertificate"],
] as [string, string, string];
const certificate = (word: string): string => `<R><certificateType>${word}</certificateType></R>`;

const cgi = (table: string): string => `GET /cgi-bin/configManager.cgi?action=getConfig&name=${table}`;
const dahua = (answers: Readonly<Record<string, { readonly status?: number; readonly body?: string }>>): Web =>
  own({ "GET /cgi-bin/magicBox.cgi?action=getSystemInfo": {}, ...answers });

const list = (group: string): string => `GET /axis-cgi/param.cgi?action=list&group=root.${group}`;
const axis = (answers: Readonly<Record<string, { readonly status?: number; readonly body?: string }>>): Web =>
  own({ "GET /axis-cgi/param.cgi?action=list&group=Brand": {}, ...answers });

const api = (command: string): string => `POST /cgi-bin/api.cgi?cmd=${command}`;
const json = (answer: unknown): { readonly body: string } => ({ body: JSON.stringify([answer]) });
const session = json({ cmd: "Login", code: 0, value: { Token: { name: "t1", leaseTime: 3_600 } } });
const reolink = (answer: { readonly body: string }, login = session): Web => ({
  [api("GetDevInfo")]: { body: "[]" },
  [api("Login")]: { by: { gateway: login } },
  [api("GetP2p&token=t1")]: answer,
  [api("Logout&token=t1")]: { body: "[]" },
});
const p2p = (enable: unknown): { readonly body: string } =>
  json({ cmd: "GetP2p", code: 0, value: { P2p: { enable, uid: "95270000" } } });

const cameraOf = (vendor: Vendor, http: Web): ScriptedCamera => scriptedCamera({ identity: { vendor }, http });
const read = (vendor: Vendor, name: SettingName, http: Web): Promise<SettingState> =>
  settingOf(vendor, name)!.read(cameraOf(vendor, http), never);

describe("what a maker's camera tells of its settings", () => {
  it.each<[string, Vendor, SettingName, Web, SettingState]>([
    [
      "a switch that is on",
      "hikvision",
      "p2p",
      isapi({ [ezviz]: { body: switchOf("true") } }),
      told(true, { "/ISAPI/System/Network/EZVIZ": "true" }),
    ],
    [
      "a switch that is off",
      "hikvision",
      "p2p",
      isapi({ [ezviz]: { body: switchOf("false") } }),
      told(false, { "/ISAPI/System/Network/EZVIZ": "false" }),
    ],
    ["a switch of another word", "hikvision", "p2p", isapi({ [ezviz]: { body: switchOf("perhaps") } }), absent],
    ["no such document", "hikvision", "p2p", isapi({}), absent],
    ["a document without a switch", "hikvision", "p2p", isapi({ [ezviz]: { body: "<EZVIZ/>" } }), absent],
    ["a refusal", "hikvision", "p2p", isapi({ [ezviz]: { status: 403 } }), refused],
    ["a camera without the maker's words", "hikvision", "p2p", {}, absent],
    [
      "two documents, one of them refused",
      "hikvision",
      "uploads",
      isapi({ [`GET ${ftp}`]: { status: 401 }, [`GET ${mail}`]: { body: ftpPage("true") } }),
      told(true, { [mail]: ftpPage("true") }),
    ],
    [
      "two documents, both off",
      "hikvision",
      "uploads",
      isapi({ [`GET ${ftp}`]: { body: ftpPage("false") }, [`GET ${mail}`]: { body: ftpPage("false") } }),
      told(false, { [ftp]: ftpPage("false"), [mail]: ftpPage("false") }),
    ],
    [
      "a login that is not readable",
      "hikvision",
      "rtsp-login",
      isapi({ [`GET ${rtsp}`]: { body: certificate("digest") } }),
      told(true, { [rtsp]: "digest" }),
    ],
    [
      "a login that is readable",
      "hikvision",
      "rtsp-login",
      isapi({ [`GET ${rtsp}`]: { body: certificate("digest/basic") } }),
      told(false, { [rtsp]: "digest/basic" }),
    ],
    [
      "a login that is not named",
      "hikvision",
      "rtsp-login",
      isapi({ [`GET ${rtsp}`]: { body: certificate("") } }),
      absent,
    ],

    [
      "either of two switches",
      "dahua",
      "p2p",
      dahua({
        [cgi("T2UServer")]: { body: "table.T2UServer.Enable=false\r\n" },
        [cgi("VSP_PaaS")]: { body: "table.VSP_PaaS.Enable=true\r\n" },
      }),
      told(true, { "T2UServer.Enable": "false", "VSP_PaaS.Enable": "true" }),
    ],
    [
      "one of several in a list",
      "dahua",
      "uploads",
      dahua({
        [cgi("NAS")]: { body: "table.NAS[0].Address=a\r\ntable.NAS[0].Enable=true\r\ntable.NAS[1].Enable=false\r\n" },
      }),
      told(true, { "NAS[0].Enable": "true" }),
    ],
    [
      "a name that only begins like it",
      "dahua",
      "upnp",
      dahua({ [cgi("UPnP")]: { body: "table.UPnP.Enabled=true\ntable.UPnP.Enable2=true\n" } }),
      absent,
    ],
    [
      "a word that is no switch",
      "dahua",
      "upnp",
      dahua({ [cgi("UPnP")]: { body: "table.UPnP.Enable=<script>\n" } }),
      absent,
    ],
    [
      "a camera without the table",
      "dahua",
      "upnp",
      dahua({ [cgi("UPnP")]: { status: 400, body: "Error\r\n" } }),
      absent,
    ],
    ["a refusal of the table", "dahua", "upnp", dahua({ [cgi("UPnP")]: { status: 401 } }), refused],
    ["noise", "dahua", "upnp", dahua({ [cgi("UPnP")]: { body: "=\n".repeat(30_000) } }), absent],

    [
      "parameters of a group",
      "axis",
      "ssh",
      axis({ [list("Network.SSH")]: { body: "root.Network.SSH.Enabled=yes\n" } }),
      told(true, { "Network.SSH.Enabled": "yes" }),
    ],
    [
      "a parameter that is off",
      "axis",
      "ssh",
      axis({ [list("Network.SSH")]: { body: "root.Network.SSH.Enabled=no\n" } }),
      told(false, { "Network.SSH.Enabled": "no" }),
    ],
    [
      "an empty parameter",
      "axis",
      "ssh",
      axis({ [list("Network.SSH")]: { body: "root.Network.SSH.Enabled=\n" } }),
      told(false, { "Network.SSH.Enabled": "" }),
    ],
    [
      "a group that there is not",
      "axis",
      "ssh",
      axis({ [list("Network.SSH")]: { body: "# Error: Error -1 getting param in group\n" } }),
      absent,
    ],
    ["a group that is refused", "axis", "ssh", axis({ [list("Network.SSH")]: { status: 403 } }), refused],
    [
      "a stream that asks for no login",
      "axis",
      "rtsp-login",
      axis({ [list("Network.RTSP")]: { body: "root.Network.RTSP.ProtViewer=anonymous\n" } }),
      told(false, { "Network.RTSP.ProtViewer": "anonymous" }),
    ],
    [
      "a value without end",
      "axis",
      "ssh",
      axis({ [list("Network.SSH")]: { body: `root.Network.SSH.Enabled=${"y".repeat(50_000)}` } }),
      told(true, { "Network.SSH.Enabled": "y".repeat(256) }),
    ],

    ["a flag that is set", "reolink", "p2p", reolink(p2p(1)), told(true, { "P2p.enable": "1" })],
    ["a flag that is not", "reolink", "p2p", reolink(p2p(0)), told(false, { "P2p.enable": "0" })],
    ["a flag of another number", "reolink", "p2p", reolink(p2p(2)), absent],
    ["a flag in words", "reolink", "p2p", reolink(p2p("1")), absent],
    [
      "an object that is none",
      "reolink",
      "p2p",
      reolink(json({ cmd: "GetP2p", code: 0, value: { P2p: null } })),
      absent,
    ],
    [
      "a command that it does not know",
      "reolink",
      "p2p",
      reolink(json({ cmd: "GetP2p", code: 1, error: { rspCode: -9 } })),
      absent,
    ],
    [
      "a command that needs an administrator",
      "reolink",
      "p2p",
      reolink(json({ cmd: "GetP2p", code: 1, error: { rspCode: -26 } })),
      refused,
    ],
  ])("reads %s (%s)", async (_, vendor, name, http, state) => {
    expect(await read(vendor, name, http)).toEqual(state);
  });

  it.each<[string, Vendor, Web, string]>([
    ["a failure", "hikvision", isapi({ [ezviz]: { status: 500 } }), "camera-fault"],
    ["what is no XML", "hikvision", isapi({ [ezviz]: { body: "OK" } }), "camera-answer-malformed"],
    [
      "entities",
      "hikvision",
      isapi({ [ezviz]: { body: `<!DOCTYPE a [<!ENTITY b "true">]>${switchOf("&b;")}` } }),
      "camera-answer-malformed",
    ],
    [
      "what may have been cut off",
      "hikvision",
      isapi({ [ezviz]: { body: switchOf("true") + " ".repeat(32 * 1_024) } }),
      "camera-answer-malformed",
    ],
    ["depth without end", "hikvision", isapi({ [ezviz]: { body: "<a>".repeat(20_000) } }), "camera-answer-malformed"],
    ["a failure", "dahua", dahua({ [cgi("T2UServer")]: { status: 500 } }), "camera-fault"],
    ["a failure", "axis", axis({ [list("RemoteService")]: { status: 302 } }), "camera-fault"],
    ["what is no JSON", "reolink", reolink({ body: "<html>" }), "camera-answer-malformed"],
    ["another form", "reolink", reolink({ body: '{"code":0}' }), "camera-answer-malformed"],
    [
      "answers without end",
      "reolink",
      reolink({ body: JSON.stringify(Array.from({ length: 65 }, () => ({ code: 0 }))) }),
      "camera-answer-malformed",
    ],
    [
      "no login",
      "reolink",
      reolink(p2p(1), json({ cmd: "Login", code: 1, error: { rspCode: -7 } })),
      "camera-credentials",
    ],
    [
      "a token that would ask something else",
      "reolink",
      reolink(p2p(1), json({ cmd: "Login", code: 0, value: { Token: { name: "t1&cmd=Reboot" } } })),
      "camera-credentials",
    ],
  ])("takes %s for no answer (%s)", async (_, vendor, http, code) => {
    await expect(read(vendor, "p2p", http)).rejects.toMatchObject({ code });
  });

  it("logs out of a camera that has few sessions, even when it answers nonsense", async () => {
    const camera = cameraOf("reolink", reolink({ body: "<html>" }));
    await expect(settingOf("reolink", "p2p")!.read(camera, never)).rejects.toMatchObject({
      code: "camera-answer-malformed",
    });
    expect(camera.asked.at(-1)).toBe("http nobody POST /cgi-bin/api.cgi?cmd=Logout&token=t1");
  });

  it("shows no login to a camera that does not understand its maker's words", async () => {
    const camera = cameraOf("dahua", {});
    expect(await settingOf("dahua", "upnp")!.read(camera, never)).toEqual(absent);
    expect(camera.asked.filter((question) => question.startsWith("http gateway"))).toEqual([]);
  });

  it("knows nothing of makers without such words", () => {
    expect((["tapo", "wyze", "foscam", "other"] as const).map((vendor) => settingOf(vendor, "p2p"))).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
  });
});

/** A camera that keeps what it is sent. */
const listening = (vendor: Vendor, http: Web) => {
  const camera = cameraOf(vendor, http);
  const sent: string[] = [];
  const request: typeof camera.http.request = async (to, login, cancel) => {
    if (to.body !== undefined) sent.push(Buffer.isBuffer(to.body) ? to.body.toString() : "a file");
    return await camera.http.request(to, login, cancel);
  };
  return { camera: { ...camera, http: { request } }, sent, asked: camera.asked };
};

const status = (code: number): string => `<ResponseStatus><statusCode>${code}</statusCode></ResponseStatus>`;
const setUpnp = "GET /cgi-bin/configManager.cgi?action=setConfig&UPnP.Enable=false";
const setSsh = "GET /axis-cgi/param.cgi?action=update&root.Network.SSH.Enabled=no";

describe("what a maker's camera is told", () => {
  it.each<[string, string, boolean]>([
    ["is done", status(1), true],
    ["will be done after a restart", status(7), true],
    ["is not valid", status(6), false],
    ["is nothing that was asked", "<html/>", false],
  ])("by ISAPI is one word alone, and what it answers counts: it %s", async (_, body, taken) => {
    const { camera, sent } = listening("hikvision", isapi({ "PUT /ISAPI/System/Network/EZVIZ": { body } }));
    const setting = settingOf("hikvision", "p2p")!;
    const write = setting.write(camera, setting.switched({ "/ISAPI/System/Network/EZVIZ": "true" }, false), never);
    await (taken ? write : expect(write).rejects.toMatchObject({ code: "remedy-failed" }));
    expect(sent).toEqual([expect.stringMatching(/<EZVIZ [^<>]*><enabled>false<\/enabled><\/EZVIZ>$/)]);
  });

  it("by ISAPI goes back whole where it must, but for the one word", async () => {
    const { camera, sent } = listening("hikvision", isapi({ [`PUT ${ftp}`]: { body: status(1) } }));
    const setting = settingOf("hikvision", "uploads")!;
    await setting.write(camera, setting.switched({ [ftp]: ftpPage("true") }, false), never);
    expect(sent).toEqual([ftpPage("false")]);
  });

  it.each<[string, Vendor, SettingName, string, { readonly status?: number; readonly body?: string }, boolean]>([
    ["taken", "dahua", "upnp", setUpnp, { body: "OK\r\n" }, true],
    ["not taken", "dahua", "upnp", setUpnp, { body: "Error\r\n" }, false],
    ["refused", "dahua", "upnp", setUpnp, { status: 403, body: "OK\r\n" }, false],
    ["taken", "axis", "ssh", setSsh, { body: "OK\n" }, true],
    ["not taken", "axis", "ssh", setSsh, { body: "# Error: Error setting\n" }, false],
  ])("by parameters is %s (%s)", async (_, vendor, name, question, answer, taken) => {
    const web = vendor === "dahua" ? dahua({ [question]: answer }) : axis({ [question]: answer });
    const { camera, asked } = listening(vendor, web);
    const setting = settingOf(vendor, name)!;
    const was: SettingValues = vendor === "dahua" ? { "UPnP.Enable": "true" } : { "Network.SSH.Enabled": "yes" };
    const write = setting.write(camera, setting.switched(was, false), never);
    await (taken ? write : expect(write).rejects.toMatchObject({ code: "remedy-failed" }));
    expect(asked.at(-1)).toBe(`http gateway ${question}`);
  });

  it("says nothing else by what a camera told before", async () => {
    const { camera, asked } = listening("axis", axis({}));
    const write = settingOf("axis", "ssh")!.write(camera, { "Network.SSH.Enabled": "no&root.PwdGrp=x y" }, never);
    await expect(write).rejects.toMatchObject({ code: "remedy-failed" });
    expect(asked.at(-1)).toBe(`http gateway ${setSsh}%26root.PwdGrp%3Dx%20y`);
  });

  it.each([0, 1])("by Reolink's commands is the whole object but for one number; it answers %d", async (code) => {
    const web = { ...reolink(p2p(1)), [api("SetP2p&token=t1")]: json({ cmd: "SetP2p", code }) };
    const { camera, sent, asked } = listening("reolink", web);
    const write = settingOf("reolink", "p2p")!.write(camera, { "P2p.enable": "0" }, never);
    await (code === 0 ? write : expect(write).rejects.toMatchObject({ code: "remedy-failed" }));
    expect(sent.filter((body) => body.includes("SetP2p")).map((body) => JSON.parse(body) as unknown)).toEqual([
      [{ cmd: "SetP2p", action: 0, param: { P2p: { enable: 0, uid: "95270000" } } }],
    ]);
    expect(asked.at(-1)).toContain("Logout");
  });
});
