import { describe, expect, it } from "@jest/globals";
import type { RemedyId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { netFtp } from "../../checks/net-ftp.ts";
import { netSsh } from "../../checks/net-ssh.ts";
import { netTelnet } from "../../checks/net-telnet.ts";
import { scriptedCamera, type CameraScript } from "../../checks/testing/scripted-camera.ts";
import type { Vendor } from "../../probe/probed-camera.ts";
import type { Before, MendedCamera, MendTools, Verdict } from "../../remedy.ts";
import { vendorRemedies } from "./vendor-remedies.ts";

const never = { signal: new AbortController().signal };

/** Nobody waits for a camera that is written down. */
class HastyClock extends TestClock {
  override readonly delay = async (): Promise<void> => undefined;
}
const tools = { clock: new HastyClock() } as unknown as MendTools;

const remedyOf = (id: RemedyId) => vendorRemedies.find((remedy) => remedy.id === id)!;

const landmarks: Readonly<Partial<Record<Vendor, string>>> = {
  hikvision: "/ISAPI/System/deviceInfo",
  dahua: "/cgi-bin/magicBox.cgi?action=getSystemInfo",
  axis: "/axis-cgi/param.cgi?action=list&group=Brand",
};

/** A camera that tells the gateway this of one of its settings. */
const mended = (vendor: Vendor, [path, body]: readonly [string, string], script: CameraScript = {}): MendedCamera => ({
  ...scriptedCamera({
    ...script,
    identity: { vendor },
    http: {
      ...script.http,
      [`GET ${landmarks[vendor]}`]: { by: { gateway: {} } },
      [`GET ${path}`]: { by: { gateway: { body } } },
    },
  }),
  ...{ credentials: undefined, options: { vendor: true, firmware: undefined } },
});
const verify = (id: RemedyId, camera: MendedCamera, before: Before = {}): Promise<Verdict> =>
  remedyOf(id).verify(camera, before, tools, never);
const remember = (id: RemedyId, camera: MendedCamera): Promise<Before> => remedyOf(id).remember(camera, tools, never);

const switched = (on: boolean): string => `<One><enabled>${on}</enabled></One>`;
const telnetd = "/ISAPI/System/Network/telnetd";
const parameters = (group: string): string => `/axis-cgi/param.cgi?action=list&group=root.${group}`;
const sshOff = [parameters("Network.SSH"), "root.Network.SSH.Enabled=no\n"] as const;
const ftpOff = [parameters("Network.FTP"), "root.Network.FTP.Enabled=no\n"] as const;
const upnpOff = ["/ISAPI/System/Network/UPnP", switched(false)] as const;
const streamOn = [parameters("Network.RTSP"), "root.Network.RTSP.ProtViewer=password\n"] as const;
const protectionOn = [
  parameters("WebService.UsernameToken"),
  "root.WebService.UsernameToken.ReplayAttackProtection=yes\n",
] as const;
const onvifOn = [
  "/cgi-bin/configManager.cgi?action=getConfig&name=UserGlobal",
  "table.UserGlobal.OnvifLoginCheck=true\n",
] as const;

const onvifOff = [onvifOn[0], "table.UserGlobal.OnvifLoginCheck=false\n"] as const;

const here = "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n";
const digest = 'Digest realm="camera", nonce="6b1c"';
const basic = 'Basic realm="camera"';
const asks = (...challenges: readonly string[]) => ({
  by: { gateway: {}, nobody: { status: 401, challenges, setUp: false } },
});
const who = `<tds:GetDeviceInformationResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><tds:Manufacturer>A</tds:Manufacturer><tds:Model>B</tds:Model><tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>2</tds:SerialNumber><tds:HardwareId>3</tds:HardwareId></tds:GetDeviceInformationResponse>`;

/** What strangers get of a camera: what ONVIF tells, and its picture. */
const given = (onvif: boolean, picture: boolean): CameraScript => ({
  onvif: { GetDeviceInformation: onvif ? who : { by: { gateway: who } } },
  ...(picture && { http: { "GET /cgi-bin/snapshot.cgi": { body: Buffer.from("ffd8ffe0", "hex") } } }),
});
const [everything, pictures, telling, refused] = [given(true, true), given(false, true), given(true, false), given(false, false)]; // prettier-ignore

describe("a remedy in a maker's words", () => {
  it.each<[RemedyId, string, MendedCamera, Verdict["kind"]]>([
    ["telnet-off", "nobody answers", mended("hikvision", [telnetd, switched(false)]), "fixed"],
    [
      "telnet-off",
      "a filter is before it",
      mended("hikvision", [telnetd, switched(false)], { tcp: { 23: null } }),
      "fixed",
    ],
    ["telnet-off", "its settings say that it is on", mended("hikvision", [telnetd, switched(true)]), "not-fixed"],
    ["telnet-off", "its settings are gone", mended("hikvision", ["/elsewhere", ""]), "not-fixed"],
    ["upnp-off", "it keeps silent", mended("hikvision", upnpOff), "fixed"],
    ["upnp-off", "it answers when it is called", mended("hikvision", upnpOff, { udp: { 1900: here } }), "not-fixed"],
    [
      "rtsp-login",
      "its stream asks for a login",
      mended("axis", streamOn, { rtsp: { ":554/main": asks(digest) } }),
      "fixed",
    ],
    [
      "rtsp-login",
      "its stream opens for strangers",
      mended("axis", streamOn, { rtsp: { ":554/main": {} } }),
      "not-fixed",
    ],
    [
      "rtsp-login",
      "its stream takes readable passwords",
      mended("axis", streamOn, { rtsp: { ":554/main": asks(digest, basic) } }),
      "not-fixed",
    ],
    [
      "rtsp-login",
      "its stream refuses the gateway",
      mended("axis", streamOn, { rtsp: { ":554/main": { by: {} } } }),
      "not-fixed",
    ],
    [
      "rtsp-login",
      "another of its streams opens for strangers",
      mended("axis", streamOn, { rtsp: { ":554/main": asks(digest), ":554/axis-media/media.amp": {} } }),
      "not-fixed",
    ],
    [
      "rtsp-login",
      "strangers go in by the other door",
      mended("axis", streamOn, {
        streams: ["rtsps://192.168.1.20/main"],
        tcp: { 554: "" },
        rtsp: { ":322/main": asks(digest), ":554/main": {} },
      }),
      "not-fixed",
    ],
    [
      "onvif-login",
      "strangers are refused",
      mended("dahua", onvifOn, { onvif: { GetDeviceInformation: { by: { gateway: who } } } }),
      "fixed",
    ],
    [
      "onvif-login",
      "strangers are answered",
      mended("dahua", onvifOn, { onvif: { GetDeviceInformation: who } }),
      "not-fixed",
    ],
    [
      "onvif-login",
      "the gateway is refused, too",
      mended("dahua", onvifOn, { onvif: { GetDeviceInformation: { by: {} } } }),
      "not-fixed",
    ],
    [
      "replay-protection",
      "a login is taken once",
      mended("axis", protectionOn, { replay: { twice: false, old: false } }),
      "fixed",
    ],
    [
      "replay-protection",
      "a login is taken twice",
      mended("axis", protectionOn, { replay: { twice: true, old: false } }),
      "not-fixed",
    ],
    [
      "replay-protection",
      "an old login is taken",
      mended("axis", protectionOn, { replay: { twice: false, old: true } }),
      "not-fixed",
    ],
    ["replay-protection", "it cannot be tried", mended("axis", protectionOn), "not-fixed"],
  ])("%s: where %s", async (id, _, camera, kind) => {
    expect((await verify(id, camera)).kind).toBe(kind);
  });

  it.each([
    [netTelnet, "telnet-off", mended("hikvision", [telnetd, switched(false)])],
    [netSsh, "ssh-off", mended("axis", sshOff)],
    [netFtp, "ftp-off", mended("axis", ftpOff)],
  ] as const)("looks at every port that its check looks at (%#)", async (check, id, camera) => {
    const asked: number[] = [];
    await check.look({ ...camera, ports: { ...camera.ports, tcp: knocking(asked) } }, never);
    expect(asked.length).toBeGreaterThan(0);
    for (const port of asked) {
      const open = { ...camera, ports: { ...camera.ports, tcp: knocking([], port) } };
      expect(await verify(id, open)).toMatchObject({ kind: "not-fixed" });
    }
    expect(await verify(id, camera)).toMatchObject({ kind: "fixed" });
  });

  it("is not taken back on account of a port that the switch does not reach, and says what stays open", async () => {
    const was = mended("hikvision", [telnetd, switched(true)], { tcp: { 23: "login:", 9_527: "console" } });
    const before = await remember("telnet-off", was);
    const off = [telnetd, switched(false)] as const;
    const one = await verify("telnet-off", mended("hikvision", off, { tcp: { 9_527: "console" } }), before);
    expect(one).toMatchObject({ kind: "fixed" });
    expect("evidence" in one && one.evidence.join()).toMatch(/port 23 any more.*Port 9527 stays open/);
    const stillOpen: readonly NonNullable<CameraScript["tcp"]>[] = [
      { 23: "login:", 9_527: "console" },
      { 2_323: "login:" },
    ];
    for (const tcp of stillOpen) {
      expect(await verify("telnet-off", mended("hikvision", off, { tcp }), before)).toMatchObject({
        kind: "not-fixed",
        why: expect.stringContaining(Object.keys(tcp).join(" or ")),
      });
    }
  });

  it.each<[string, CameraScript, CameraScript, Verdict["kind"], RegExp]>([
    ["neither", everything, refused, "fixed", /takes the gateway\.$/],
    ["pictures, which another switch rules", everything, pictures, "fixed", /snapshot.cgi is still given without/],
    ["pictures, which alone were open", pictures, pictures, "not-fixed", /snapshot.cgi is still given without/],
    ["what ONVIF tells", everything, telling, "not-fixed", /answers ONVIF's questions/],
  ])("of the login looks at both doors: afterwards strangers get %s", async (_, was, now, kind, said) => {
    const before = await remember("onvif-login", mended("dahua", onvifOff, was));
    const verdict = await verify("onvif-login", mended("dahua", onvifOn, now), before);
    expect(verdict.kind).toBe(kind);
    expect("evidence" in verdict ? verdict.evidence.join() : verdict.why).toMatch(said);
  });

  it.each([
    ["nothing is known of its maker's words", mended("other", ["/", ""]), /Nothing is known/],
    ["it does not know the switch", mended("hikvision", ["/elsewhere", ""]), /does not know this switch/],
    ["it is off already", mended("hikvision", [telnetd, switched(false)]), /nothing to change/],
  ])("fits no camera where %s", async (_, camera, unfit) => {
    expect(await remedyOf("telnet-off").preview(camera, never)).toEqual({ unfit: expect.stringMatching(unfit) });
  });

  it("says before what it would do, and that nobody has seen it at a real camera", async () => {
    const preview = await remedyOf("telnet-off").preview(mended("hikvision", [telnetd, switched(true)]), never);
    expect(preview).toMatchObject({ undoable: true, stops: [expect.stringMatching(/console/)] });
    expect("steps" in preview && preview.steps.join()).toMatch(/Switch telnet off .*never seen at a real camera/);
  });
});

/** All ports are closed but for one. */
const knocking =
  (asked: number[], open?: number): MendedCamera["ports"]["tcp"] =>
  async (port) => {
    asked.push(port);
    return port === open ? { kind: "open", banner: "login:" } : { kind: "closed" };
  };
