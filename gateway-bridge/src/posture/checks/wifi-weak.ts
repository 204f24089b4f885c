import { failed, passed, unknown, type HomeCheck, type Outcome } from "../check.ts";
import { homeGuideFor } from "../guides/guide-for.ts";
import type { WirelessLink } from "../probe/probed-home.ts";
import type { CameraWireless } from "../questions/ask-wireless.ts";
import { wirelessOutcomes } from "./wireless-outcomes.ts";

export const wifiWeak: HomeCheck = {
  id: "WIFI-WEAK",
  scope: "home",
  severity: "high",
  title: "Its Wi-Fi is not protected as it should be",
  why: [
    "Without encryption, or with one that was broken long ago, somebody on the street can read along and join in.",
    "From there every camera and computer at home can be reached, as if they sat inside.",
  ],
  provision: "5.5-1",
  ncsc: null,
  remedies: [],
  guide: ({ routerPage }) => homeGuideFor("WIFI-WEAK", routerPage),
  look: (home, cancel) => wirelessOutcomes(home, { camera: judgeCamera, box: judgeBox }, cancel),
};

const judgeCamera = ({ ssid, mode, ciphers }: CameraWireless): Outcome => {
  if (mode === "None") return failed(`The camera's network ${ssid} has no encryption.`);
  if (mode === "WEP") return failed(`The camera's network ${ssid} is encrypted by WEP.`);
  if (ciphers.includes("TKIP")) return failed(`The camera's network ${ssid} is encrypted by TKIP.`);
  if (mode === "PSK" || mode === "Dot1X")
    return passed(`The camera's network ${ssid} is protected (${[mode, ...ciphers].join(", ")}).`);
  return unknown("The camera does not tell how its Wi-Fi is protected.");
};

const judgeBox = ({ ssid, security }: WirelessLink): Outcome => {
  switch (security) {
    case "open":
      return failed(`This box's network ${ssid} has no encryption.`);
    case "wep":
      return failed(`This box's network ${ssid} is encrypted by WEP.`);
    case "wpa-tkip":
      return failed(`This box's network ${ssid} still takes devices that are encrypted by TKIP.`);
    case "wpa2":
    case "wpa3":
      return passed(`This box's network ${ssid} is protected by ${security.toUpperCase()}.`);
    case undefined:
      return unknown(`How this box's network ${ssid} is protected cannot be read.`);
  }
};
