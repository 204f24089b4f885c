import type { RemedyId } from "@gatehouse/shared";

import type { SettingName } from "../../gateway-bridge/src/posture/vendor/vendor-setting.ts";
import type { FleetFacts } from "../simulator/fleet/fleet-camera.ts";
import type { VendorJudges } from "./vendor-judges.ts";

/** Makers whose words are known. */
export type Maker = "hikvision" | "dahua" | "reolink" | "axis";

type Look = (judges: VendorJudges, camera: FleetFacts) => Promise<string>;

/** A switch of a maker's, and what a program that knows nothing of Gatehouse says while a camera is weak, and when it no longer is. */
export interface JudgedSwitch {
  readonly maker: Maker;
  readonly setting: SettingName;
  readonly judge: Look;
  readonly weak: RegExp;
  readonly sound: RegExp;
  /** The camera forgets what it takes to switch it back: the gateway has to say so. */
  readonly forgets?: true;
}

export const remedyFor: Readonly<Record<SettingName, RemedyId>> = {
  p2p: "p2p-off",
  upnp: "upnp-off",
  uploads: "push-off",
  telnet: "telnet-off",
  ssh: "ssh-off",
  ftp: "ftp-off",
  "auto-update": "auto-update-on",
  "onvif-login": "onvif-login",
  "rtsp-login": "rtsp-login",
  "replay-protection": "replay-protection",
};

const page =
  (path: string): Look =>
  (judges, camera) =>
    judges.page(camera, path);
const reolink =
  (command: string): Look =>
  (judges, camera) =>
    judges.reolink(camera, command);
const port =
  (number: number): Look =>
  (judges, camera) =>
    judges.banner(camera, number);
const both =
  (one: Look, other: Look): Look =>
  async (judges, camera) =>
    `${await one(judges, camera)}\n${await other(judges, camera)}`;

const isapi = "/ISAPI/System/Network";
const dahua = (table: string): Look => page(`/cgi-bin/configManager.cgi?action=getConfig&name=${table}`);
const vapix = (group: string): Look => page(`/axis-cgi/param.cgi?action=list&group=${group}`);
const enabled = { weak: /<enabled>true</, sound: /<enabled>false</ };
const enable = { weak: /Enable=true/, sound: /Enable=false/ };
const yes = { weak: /Enabled=yes/, sound: /Enabled=no/ };
const one = { weak: /"enable":1/, sound: /"enable":0/ };
const refused = /Connection refused/;

type AnyMaker = Omit<JudgedSwitch, "maker">;
const search: Look = (judges, camera) => judges.search(camera);
const upnp: AnyMaker = { setting: "upnp", judge: search, weak: /^HTTP\/1\.1 200 OK/, sound: /^silent$/ };
const ssh: AnyMaker = { setting: "ssh", judge: port(22), weak: /SSH-2\.0/, sound: refused };
const telnet: AnyMaker = { setting: "telnet", judge: port(23), weak: /login:/, sound: refused };

/** Strangers first, then whoever has the login: the one loses what the other keeps. */
const onvifLogin: AnyMaker = {
  setting: "onvif-login",
  judge: both(
    (judges, camera) => judges.onvif(camera, "nobody"),
    (judges, camera) => judges.onvif(camera, "owner"),
  ),
  weak: /successfully connected[^]*successfully connected/,
  sound: /ter:NotAuthorized[^]*successfully connected/,
};
const path = "/axis-media/media.amp";
const streamLogin: AnyMaker = {
  setting: "rtsp-login",
  judge: both(
    (judges, camera) => judges.watch(camera, path, "nobody"),
    (judges, camera) => judges.watch(camera, path, "owner"),
  ),
  weak: /^h264\nh264$/,
  sound: /401 Unauthorized[^]*\nh264$/,
};
const readableLogin: AnyMaker = {
  setting: "rtsp-login",
  judge: (judges, camera) => judges.challenges(camera),
  weak: /^WWW-Authenticate: Basic/m,
  sound: /^WWW-Authenticate: Digest/m,
};
const replay: AnyMaker = {
  setting: "replay-protection",
  judge: (judges, camera) => judges.replayed(camera),
  weak: /^200 200$/,
  sound: /^200 4\d\d$/,
};

export const judgedSwitches: readonly JudgedSwitch[] = [
  { maker: "hikvision", setting: "p2p", judge: page(`${isapi}/EZVIZ`), ...enabled },
  { maker: "hikvision", ...upnp },
  { maker: "hikvision", ...telnet },
  { maker: "hikvision", ...ssh },
  { maker: "hikvision", setting: "uploads", judge: both(page(`${isapi}/ftp`), page(`${isapi}/mailing`)), ...enabled },
  { maker: "hikvision", ...readableLogin },
  { maker: "dahua", setting: "p2p", judge: dahua("T2UServer"), ...enable },
  { maker: "dahua", ...upnp },
  { maker: "dahua", ...telnet },
  { maker: "dahua", ...ssh },
  { maker: "dahua", setting: "uploads", judge: both(dahua("NAS"), dahua("Email")), ...enable },
  { maker: "dahua", ...onvifLogin },
  { maker: "reolink", setting: "p2p", judge: reolink("GetP2p"), ...one },
  { maker: "reolink", ...upnp },
  { maker: "reolink", setting: "uploads", judge: both(reolink("GetFtp"), reolink("GetEmail")), ...one, forgets: true },
  { maker: "reolink", setting: "auto-update", judge: reolink("GetAutoUpgrade"), weak: one.sound, sound: one.weak },
  { maker: "axis", setting: "p2p", judge: vapix("RemoteService"), ...yes },
  { maker: "axis", ...upnp },
  { maker: "axis", ...ssh },
  { maker: "axis", setting: "ftp", judge: port(21), weak: /FTP Server/, sound: refused },
  { maker: "axis", ...streamLogin },
  { maker: "axis", ...replay },
];

export const nameOf = ({ maker, setting }: JudgedSwitch): string => `${maker}: ${remedyFor[setting]}`;
