import type { Check } from "./check.ts";
import { callstranger } from "./checks/callstranger.ts";
import { camDdns } from "./checks/cam-ddns.ts";
import { camInit } from "./checks/cam-init.ts";
import { camLeastpriv } from "./checks/cam-leastpriv.ts";
import { camP2p } from "./checks/cam-p2p.ts";
import { camPush } from "./checks/cam-push.ts";
import { camPwdDefault } from "./checks/cam-pwd-default.ts";
import { camPwdEmpty } from "./checks/cam-pwd-empty.ts";
import { camPwdReused } from "./checks/cam-pwd-reused.ts";
import { camUpnp } from "./checks/cam-upnp.ts";
import { camUsersExtra } from "./checks/cam-users-extra.ts";
import { discInfo } from "./checks/disc-info.ts";
import { discOn } from "./checks/disc-on.ts";
import { discWan } from "./checks/disc-wan.ts";
import { egressFrom } from "./checks/egress.ts";
import { fwAge } from "./checks/fw-age.ts";
import { fwAutoOff } from "./checks/fw-auto-off.ts";
import { fwCve } from "./checks/fw-cve.ts";
import { fwKev } from "./checks/fw-kev.ts";
import { httpSnapAnon } from "./checks/http-snap-anon.ts";
import { igdMapCam } from "./checks/igd-map-cam.ts";
import { igdOpen } from "./checks/igd-open.ts";
import { ipfilter } from "./checks/ipfilter.ts";
import { lockoutOff } from "./checks/lockout-off.ts";
import { netDebug } from "./checks/net-debug.ts";
import { netFtp } from "./checks/net-ftp.ts";
import { netHttp } from "./checks/net-http.ts";
import { netHttpsOff } from "./checks/net-https-off.ts";
import { netSnmp } from "./checks/net-snmp.ts";
import { netSsh } from "./checks/net-ssh.ts";
import { netTelnet } from "./checks/net-telnet.ts";
import { netVendorport } from "./checks/net-vendorport.ts";
import { onvifAnonRead } from "./checks/onvif-anon-read.ts";
import { onvifAnonSecret } from "./checks/onvif-anon-secret.ts";
import { onvifReplay } from "./checks/onvif-replay.ts";
import { rtspAnon } from "./checks/rtsp-anon.ts";
import { rtspBasic } from "./checks/rtsp-basic.ts";
import { rtspMd5 } from "./checks/rtsp-md5.ts";
import { wifiGuest, wifiKrack, wifiSsidRenamed } from "./checks/stated-wifi.ts";
import { streamClear } from "./checks/stream-clear.ts";
import { time } from "./checks/time.ts";
import { tlsPinChanged } from "./checks/tls-pin-changed.ts";
import { tlsWeak } from "./checks/tls-weak.ts";
import { wanHairpin } from "./checks/wan-hairpin.ts";
import { wanIpv6 } from "./checks/wan-ipv6.ts";
import { wifiDefaultSsid } from "./checks/wifi-default-ssid.ts";
import { wifiWeak } from "./checks/wifi-weak.ts";
import type { Observe } from "./isolation/observed-traffic.ts";
import { ownAddresses } from "./questions/ask-network.ts";
import { builtInRules } from "./rules/firmware-advisories.ts";
import type { RuleSource } from "./rules/rules-in-force.ts";

/**
 * Everything that is looked for, firmware by these rules. A test holds that each name of the contract is here once.
 * @param observe what cameras were seen to try, where this box may see it
 */
export const catalogueBy = (rules: RuleSource, observe?: Observe): readonly Check[] =>
  everything(rules, observe).map(afterWhatDecides);

const everything = (rules: RuleSource, observe?: Observe): readonly Check[] => [
  // Logins.
  camInit,
  camPwdDefault,
  camPwdEmpty,
  camPwdReused,
  camUsersExtra,
  camLeastpriv,
  lockoutOff,
  // ONVIF, RTSP and pictures.
  onvifAnonSecret,
  onvifAnonRead,
  onvifReplay,
  rtspAnon,
  rtspBasic,
  rtspMd5,
  httpSnapAnon,
  // Encryption.
  netHttpsOff,
  netHttp,
  tlsWeak,
  tlsPinChanged,
  streamClear,
  // The router.
  igdMapCam,
  igdOpen,
  wanHairpin,
  wanIpv6,
  // Doors that nobody needs.
  netTelnet,
  netFtp,
  netSsh,
  netVendorport,
  netSnmp,
  netDebug,
  // Being found, and calling out.
  discOn,
  discWan,
  discInfo,
  camUpnp,
  callstranger,
  camP2p,
  camDdns,
  camPush,
  egressFrom(ownAddresses, observe),
  ipfilter,
  // Firmware and clock.
  fwKev(rules),
  fwCve(rules),
  fwAge(rules),
  fwAutoOff,
  time,
  // The home's Wi-Fi.
  wifiWeak,
  wifiDefaultSsid,
  wifiGuest,
  wifiKrack,
  wifiSsidRenamed,
];

/**
 * What answers with another key may be something else: then nothing that it says tells of the camera, and no password goes there. A camera
 * that is not set up knows no gateway, so it tells nothing of its settings, and setting it up changes them; its ports are as they are.
 */
const afterWhatDecides = (check: Check): Check => {
  if (check.scope !== "camera" || check.id === tlsPinChanged.id) return check;
  const portsAlone = check.id === camInit.id || /^(?:NET|TLS)-/.test(check.id);
  const first = portsAlone ? [tlsPinChanged.id] : [tlsPinChanged.id, camInit.id];
  return { ...check, parents: [...new Set([...first, ...(check.parents ?? [])])] };
};

/** By the rules that this version came with. */
export const catalogue: readonly Check[] = catalogueBy({ current: builtInRules });
