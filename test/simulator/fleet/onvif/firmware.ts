import { element, escapeXml, SoapFault } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import { readSecret, readSystem, tag, unrecoverable, type Operations } from "./operation.ts";

export const uploadPath = "/onvif/upgrade/";
export const backupPath = "/onvif/backup";

/** Device Management 8.3.9 and 8.3.12: new firmware and a copy of the settings, both by plain HTTP. */
export const firmwareOperations: Operations = {
  StartFirmwareUpgrade: unrecoverable((core, _, { origin }) => {
    core.upload = crypto.randomUUID();
    return [
      tag("tds:UploadUri", `${origin}${uploadPath}${core.upload}`),
      tag("tds:UploadDelay", "PT0S"),
      tag("tds:ExpectedDownTime", "PT1S"),
    ].join("");
  }),
  GetSystemUris: readSecret((core, _, { origin }) => {
    if (!core.face.keystore) throw new SoapFault("ter:ActionNotSupported", "Optional Action Not Implemented");
    return tag("tds:SystemBackupUri", escapeXml(origin + backupPath));
  }),
};

/** Device Management 8.2.20 and on. */
export const wirelessOperations: Operations = {
  GetDot11Capabilities: readSystem(({ state }) => {
    if (state.wireless === undefined) throw noWireless();
    const names = ["TKIP", "ScanAvailableNetworks", "MultipleConfiguration", "AdHocStationMode", "WEP"];
    return element("tds:Capabilities", ...names.map((name) => tag(`tt:${name}`, name === "TKIP" || name === "WEP")));
  }),
  GetDot11Status: readSystem(({ state: { wireless } }, body) => {
    if (wireless === undefined) throw noWireless();
    if (body.text("InterfaceToken") !== "eth0") throw new SoapFault("ter:NotDot11", "no wireless interface");
    const cipher = wireless.mode === "WEP" ? "WEP" : wireless.cipher;
    return element(
      "tds:Status",
      tag("tt:SSID", Buffer.from(wireless.ssid).toString("hex")),
      tag("tt:BSSID", wireless.bssid),
      tag("tt:PairCipher", cipherName(cipher)),
      tag("tt:GroupCipher", cipherName(cipher)),
      tag("tt:SignalStrength", "Good"),
      tag("tt:ActiveConfigAlias", "wlan0"),
    );
  }),
};

/** tt:Dot11Cipher knows CCMP, TKIP, Any and Extended; a network without one has no better name than the last. */
const cipherName = (cipher: "None" | "TKIP" | "CCMP" | "WEP"): string =>
  cipher === "TKIP" || cipher === "CCMP" ? cipher : "Extended";

const noWireless = (): SoapFault => new SoapFault("ter:ActionNotSupported", "Optional Action Not Implemented");

/**
 * A firmware file as the simulator reads it: a line that says so, then `model=` and `version=`, then anything.
 * @returns the HTTP status: 200 it takes it and restarts, 404 nobody asked for an upload there, 415 not for this camera
 */
export const takeFirmware = async (core: CameraCore, url: string, file: Buffer): Promise<number> => {
  if (core.upload === undefined || url !== uploadPath + core.upload) return 404;
  const [, model, version] = /^SIMULATED FIRMWARE\nmodel=(.+)\nversion=(.+)\n/.exec(file.toString("latin1")) ?? [];
  if (model !== core.state.identity.model || version === undefined) return 415;
  core.upload = undefined;
  await core.change("StartFirmwareUpgrade", () => {
    core.state.identity.firmware = version;
    core.state.identity.builtOn = new Date(core.now()).toISOString().slice(0, 10);
    core.note("firmware installed");
  });
  core.reboot();
  return 200;
};

/** A file that a camera of that model installs. */
export const makeFirmware = (model: string, version: string, length = 4_096): Buffer => {
  const head = Buffer.from(`SIMULATED FIRMWARE\nmodel=${model}\nversion=${version}\n`);
  return Buffer.concat([head, Buffer.alloc(Math.max(0, length - head.length), 0xa5)]);
};
