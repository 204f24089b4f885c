import type { Remedy } from "../../remedy.ts";
import { ftpPorts, sshPorts, telnetPorts } from "../../rules/service-ports.ts";
import { onvifAsks, portsClosed, replayRefused, saidAnew, streamAsks, upnpSilent } from "./seen-from-outside.ts";
import { vendorRemedy } from "./vendor-remedy.ts";

/** What is switched in makers' own words. Which makers know what is in vendor/settings-of.ts. */
export const vendorRemedies: readonly Remedy[] = [
  vendorRemedy({
    id: "p2p-off",
    setting: "p2p",
    on: false,
    name: "the maker's cloud",
    stops: [
      "The maker's app no longer shows this camera away from home, nor sends its alerts",
      "A link to Alexa or Google that goes through the maker no longer works",
    ],
    observe: saidAnew(
      "Whether it still calls its maker can only be seen on the way to the internet: forbid it that, too.",
    ),
  }),
  vendorRemedy({
    id: "upnp-off",
    setting: "upnp",
    on: false,
    name: "UPnP",
    stops: ["Ways in from the internet that the camera had asked your router for close by and by"],
    observe: upnpSilent,
  }),
  vendorRemedy({
    id: "telnet-off",
    setting: "telnet",
    on: false,
    name: "telnet",
    stops: ["Nobody can open a console on the camera by telnet any more"],
    ...portsClosed(...telnetPorts),
  }),
  vendorRemedy({
    id: "ssh-off",
    setting: "ssh",
    on: false,
    name: "SSH",
    stops: ["Nobody can open a console on the camera by SSH any more"],
    ...portsClosed(...sshPorts),
  }),
  vendorRemedy({
    id: "ftp-off",
    setting: "ftp",
    on: false,
    name: "the file server (FTP)",
    stops: ["Nobody can fetch files from the camera by FTP any more"],
    ...portsClosed(...ftpPorts),
  }),
  vendorRemedy({
    id: "push-off",
    setting: "uploads",
    on: false,
    name: "sending pictures and mail (FTP, e-mail)",
    stops: [
      "The camera no longer sends pictures or mail by itself",
      "If it is switched on again, the camera may want the password of that server again",
    ],
    observe: saidAnew("Whether it still sends can only be seen on the way to the internet."),
  }),
  vendorRemedy({
    id: "onvif-login",
    setting: "onvif-login",
    on: true,
    name: "the login of ONVIF",
    stops: ["Recorders and apps that use this camera by ONVIF without a login no longer see it"],
    ...onvifAsks,
  }),
  vendorRemedy({
    id: "rtsp-login",
    setting: "rtsp-login",
    on: true,
    name: "the login of the stream (Digest)",
    stops: [
      "Players and recorders that open this camera's stream without a login, or with a readable one, no longer see it",
    ],
    observe: streamAsks,
  }),
  vendorRemedy({
    id: "replay-protection",
    setting: "replay-protection",
    on: true,
    name: "the protection against repeated logins",
    stops: ["Recorders and apps whose clock is wrong can no longer log in to this camera by ONVIF"],
    observe: replayRefused,
  }),
  vendorRemedy({
    id: "auto-update-on",
    setting: "auto-update",
    on: true,
    name: "automatic updates",
    stops: ["The camera fetches newer firmware by itself and is gone for minutes meanwhile"],
    observe: saidAnew("It needs a way to its maker on the internet for this."),
  }),
];
