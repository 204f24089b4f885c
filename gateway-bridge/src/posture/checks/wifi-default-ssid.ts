import { failed, passed, unknown, type HomeCheck, type Outcome } from "../check.ts";
import { isDefaultSsid } from "../rules/default-ssids.ts";
import { wirelessOutcomes } from "./wireless-outcomes.ts";

export const wifiDefaultSsid: HomeCheck = {
  id: "WIFI-DEFAULT-SSID",
  scope: "home",
  severity: "low",
  title: "Its Wi-Fi has the name that the router came with",
  why: [
    "The name tells everybody on the street which router it is, and which faults it may have.",
    "Whoever left the name as it was often left the password as it was, and for some routers that can be worked out.",
  ],
  provision: "5.6-2",
  ncsc: null,
  remedies: [],
  guide: ({ routerPage }) => ({
    page: routerPage,
    steps: [
      "Open your router's page and sign in; its address and password are often printed on its back.",
      "Look for Wi-Fi or WLAN, and give the network a name that tells neither the router nor your own name or address.",
      "Give it a new password there, too: three random words are good.",
      "Then let the cameras and this box join the network anew.",
    ],
  }),
  look: (home, cancel) => wirelessOutcomes(home, { camera: judge, box: judge }, cancel),
};

const judge = ({ ssid }: { readonly ssid: string }): Outcome => {
  if (ssid === "") return unknown("The name of the Wi-Fi network is not told.");
  return isDefaultSsid(ssid)
    ? failed(`The network is called ${ssid}, as its router came.`)
    : passed(`The network is called ${ssid}, which no router is known to come with.`);
};
