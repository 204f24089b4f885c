import type { Guide } from "@gatehouse/shared";

import type { StatedCheck } from "../check.ts";
import type { ProbedHome } from "../probe/probed-home.ts";

const guide =
  (...steps: readonly string[]) =>
  ({ routerPage }: Pick<ProbedHome, "routerPage">): Guide => ({ page: routerPage, steps: [...steps] });
const signIn = "Open your router's page and sign in; its address and password are often printed on its back.";

export const wifiGuest: StatedCheck = {
  id: "WIFI-GUEST",
  scope: "stated",
  severity: "medium",
  title: "Cameras share a network with everything else",
  question: "Are your cameras in a network of their own, such as the guest network, away from computers and phones?",
  why: [
    "In one network with everything else, a camera that was broken into reaches your computers and phones.",
    "In a network of its own it reaches nobody, and this box alone has a foot in both.",
  ],
  provision: "5.6-1",
  ncsc: null,
  remedies: [],
  guide: guide(
    signIn,
    "Look for Guest network, and switch it on with a password of its own.",
    "Let the cameras join it, and see that this box can still reach them: by a second adapter, or a port of that network.",
    "Then answer the question here.",
  ),
};

export const wifiKrack: StatedCheck = {
  id: "WIFI-KRACK",
  scope: "stated",
  severity: "medium",
  title: "The Wi-Fi may be open to a known attack",
  question: "Has your router's firmware, and that of its repeaters, been updated since October 2017?",
  why: [
    "A fault that was made public then (KRACK, CVE-2017-13077) lets somebody near your home read what devices send by Wi-Fi.",
    "Newer firmware mends it, in the router, its repeaters and each camera; nobody can see from outside whether that was done.",
  ],
  provision: "5.3-2",
  ncsc: "update",
  remedies: [],
  guide: guide(
    signIn,
    "Look for Firmware or Update, install what it offers, and switch automatic updates on.",
    "Do the same for repeaters and mesh points.",
    "Then answer the question here.",
  ),
};

export const wifiSsidRenamed: StatedCheck = {
  id: "WIFI-SSID-RENAMED",
  scope: "stated",
  severity: "low",
  title: "The Wi-Fi may still have its first name or password",
  question: "Did you give your Wi-Fi a name and a password of your own since you got the router?",
  why: [
    "The name and password that a router comes with stand on its label, where every visitor can photograph them.",
    "For some routers, programs work the password out from the name.",
  ],
  provision: "5.1-1",
  ncsc: "change-default-password",
  remedies: [],
  guide: guide(
    signIn,
    "Look for Wi-Fi or WLAN, and give the network a name that tells neither the router nor your own name or address.",
    "Give it a new password: three random words are good.",
    "Then let the cameras and this box join the network anew, and answer the question here.",
  ),
};
