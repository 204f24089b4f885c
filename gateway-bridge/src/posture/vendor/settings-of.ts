import type { Vendor } from "../probe/probed-camera.ts";
import { dahuaSwitches } from "./dahua-cgi.ts";
import { isapiDocuments, isapiSwitches, isapiWord } from "./isapi.ts";
import { reolinkSwitches } from "./reolink-api.ts";
import { vapixSwitches } from "./vapix.ts";
import type { SettingName, VendorSetting, VendorSettings } from "./vendor-setting.ts";

const yesNo = (name: string) => ({ name, on: "yes", off: "no" });

/**
 * As public programs speak to such cameras: Hikvision's ISAPI (the paths that its own page uses), https://github.com/mcw0/DahuaConsole and the
 * "HTTP API for IPC" (Dahua), https://github.com/starkillerOG/reolink_aio (Reolink), "VAPIX parameter management" (Axis). None of it was seen on hardware by us, so
 * whatever is read is only believed where it is well-formed, and whatever is written is looked at from another side.
 */
const settings: Readonly<Partial<Record<Vendor, VendorSettings>>> = {
  hikvision: {
    p2p: isapiSwitches({ "/ISAPI/System/Network/EZVIZ": "EZVIZ" }),
    upnp: isapiSwitches({ "/ISAPI/System/Network/UPnP": "UPnP" }),
    telnet: isapiSwitches({ "/ISAPI/System/Network/telnetd": "Telnetd" }),
    ssh: isapiSwitches({ "/ISAPI/System/Network/ssh": "SSH" }),
    uploads: isapiDocuments("/ISAPI/System/Network/ftp", "/ISAPI/System/Network/mailing"),
    "rtsp-login": isapiWord({
      path: "/ISAPI/Security/RTSPCertificate",
      root: "RTSPCertificate",
      name: "certificateType",
      on: "digest",
      off: "digest/basic",
    }),
  },
  dahua: {
    p2p: dahuaSwitches("T2UServer.Enable", "VSP_PaaS.Enable"),
    upnp: dahuaSwitches("UPnP.Enable"),
    telnet: dahuaSwitches("Telnet.Enable"),
    ssh: dahuaSwitches("SSHD.Enable"),
    "onvif-login": dahuaSwitches("UserGlobal.OnvifLoginCheck"),
    uploads: dahuaSwitches("NAS[0].Enable", "Email.Enable", "RTMP.Enable"),
  },
  reolink: {
    p2p: reolinkSwitches({ name: "P2p", flag: "enable" }),
    upnp: reolinkSwitches({ name: "Upnp", flag: "enable" }),
    // Older firmware knows those without V20 alone, newer both.
    uploads: reolinkSwitches(...["Ftp", "FtpV20", "Email", "EmailV20"].map((name) => ({ name, flag: "enable" }))),
    "auto-update": reolinkSwitches({ name: "AutoUpgrade", flag: "enable" }),
  },
  axis: {
    p2p: vapixSwitches({ name: "RemoteService.Enabled", on: "oneclick", off: "no" }),
    upnp: vapixSwitches(yesNo("Network.UPnP.Enabled"), yesNo("Network.UPnP.NATTraversal.Enabled")),
    ssh: vapixSwitches(yesNo("Network.SSH.Enabled")),
    ftp: vapixSwitches(yesNo("Network.FTP.Enabled")),
    "rtsp-login": vapixSwitches({ name: "Network.RTSP.ProtViewer", on: "password", off: "anonymous" }),
    "replay-protection": vapixSwitches(yesNo("WebService.UsernameToken.ReplayAttackProtection")),
  },
};

/** Undefined where nothing is known of such a setting of that maker. */
export const settingOf = (vendor: Vendor, name: SettingName): VendorSetting | undefined => settings[vendor]?.[name];
