import type { Vendor } from "../probe/probed-camera.ts";

/** What a person can be led through. */
export const guideTopics = [
  "password",
  "first-login",
  "users",
  "onvif-login",
  "stream-login",
  "picture-login",
  "https",
  "stream-encryption",
  "lockout",
  "telnet",
  "ftp",
  "ssh",
  "vendor-port",
  "snmp",
  "debug",
  "discovery",
  "upnp",
  "cloud",
  "dynamic-dns",
  "uploads",
  "internet",
  "firmware",
  "auto-update",
  "clock",
  "ip-filter",
  "wifi",
  "key-changed",
] as const;
export type GuideTopic = (typeof guideTopics)[number];

/** Steps of one maker, or `any`: of whoever has none of its own. Null where such a camera offers nothing of the kind. */
type Steps = { readonly any: readonly string[] } & Partial<Record<Vendor, readonly string[] | null>>;

const signIn = "Open the camera's page and sign in as its administrator.";
const isolate = "Where the camera has no such setting, keep it in a network of its own, without a way to the internet.";
const update = "If the setting is missing, install newer firmware from its maker, and look for it again.";
const app = (...steps: readonly string[]): readonly string[] => [
  "Open the maker's app and choose this camera.",
  ...steps,
];
/** For makers whose cameras have no switch for a service that is open all the same. */
const closedByUpdateAlone = (service: string): readonly string[] => [
  `Cameras of this maker have no switch for ${service}: install the newest firmware of this very model.`,
  "If it is open afterwards, keep the camera in a network of its own, without a way to the internet, or replace it.",
];
const appUpdate = (service: string, where: string): readonly string[] => [
  ...app(`There is no switch for ${service}: choose ${where}, and install what it offers.`),
  "If it is open afterwards, keep the camera in a network of its own, without a way to the internet, or replace it.",
];
const tapoUpdate = (service: string): readonly string[] => appUpdate(service, "Settings, Firmware Update");
const wyzeUpdate = (service: string): readonly string[] =>
  appUpdate(service, "Settings, Device Info, Firmware Version");
const reolinkUpdate = (service: string): readonly string[] =>
  appUpdate(service, "Settings, the camera's name, Check for updates");

/**
 * Menus as the makers' manuals name them: "Network Camera User Manual" (Hikvision), "Web 5.0 Operation Manual" (Dahua), "AXIS OS web interface help",
 * the support pages of Reolink and TP-Link. They differ by firmware, so each text says what to look for, not only where.
 */
export const guideSteps: Readonly<Record<GuideTopic, Steps>> = {
  password: {
    any: [signIn, "Look for Users or Accounts, and give every account a password that is used nowhere else: three random words are good."],
    hikvision: [signIn, "Choose Configuration, System, User Management.", "Choose the account, then Modify, and give it a password that is used nowhere else: three random words are good."],
    dahua: [signIn, "Choose Setup, System, Account.", "Choose the account, then Modify Password, and give it one that is used nowhere else: three random words are good.", "Do the same on the page ONVIF User: those accounts are kept apart.", "If it was the account that Gatehouse uses, add the camera to Gatehouse anew with it."],
    axis: [signIn, "Choose System, Accounts.", "Choose the account's menu, then Update account, and give it a password that is used nowhere else."],
    reolink: app("Choose Settings, then the camera's name, then Change password."),
    tapo: app("Choose Settings, Advanced Settings, Camera Account, and change its password."),
    wyze: ["Such a camera is opened with the account of the maker's app: open the app, choose Account, Security, and change its password there.", "Switch its two-step verification on at the same place."],
  },
  "first-login": {
    any: ["Open the camera's page. It asks for a first password: give it one that is used nowhere else.", "Then tell Gatehouse the new login."],
    hikvision: ["Open the camera's page: it says Activation.", "Give it a password of 8 to 16 signs that is used nowhere else, then tell Gatehouse the new login."],
    reolink: app("It asks for a first password: give it one that is used nowhere else, then tell Gatehouse the new login."),
    dahua: ["Open the camera's page: it says Device Initialization.", "Give the account admin a password that is used nowhere else, then tell Gatehouse the new login."],
    axis: ["Open the camera's page: it asks for a password of its first account.", "Give it one that is used nowhere else, then tell Gatehouse the new login."],
    tapo: app("Finish what it asks for, then choose Settings, Advanced Settings, Camera Account, and make an account there.", "Then tell Gatehouse that account."),
  },
  users: {
    any: [signIn, "Look for Users or Accounts.", "Delete every account that you do not know, and let only one be an administrator."],
    hikvision: [signIn, "Choose Configuration, System, User Management, and delete what you do not know.", "Do the same under Configuration, Network, Advanced Settings, Integration Protocol: those accounts are kept apart."],
    dahua: [signIn, "Choose Setup, System, Account, and delete what you do not know.", "Do the same on the page ONVIF User: those accounts are kept apart."],
    axis: [signIn, "Choose System, Accounts, and delete what you do not know.", "Do the same under ONVIF accounts, in the same place: those are kept apart."],
    reolink: app("Choose Settings, the camera's name, User Management, and delete what you do not know."),
    tapo: app("Choose Settings, Advanced Settings, Camera Account: there is one, so give it another password.", "Look under Share Device who else sees this camera, and remove whom you do not know."),
    wyze: app("Choose Settings, Share, and remove whom you do not know."),
  },
  "onvif-login": {
    any: [signIn, "Look for ONVIF, and switch its login (Authentication) on.", update],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, Integration Protocol.", "Give ONVIF an account of its own, with a password.", update],
    dahua: [signIn, "Choose Setup, Network, Access Platform, ONVIF.", "Set Login Verification to on, and save."],
    axis: [signIn, "Choose System, ONVIF accounts, and delete the accounts Anonymous and those that you do not know."],
  },
  "stream-login": {
    any: [signIn, "Look for RTSP, and switch its login (Authentication) on: Digest, never Basic or none.", update, isolate],
    hikvision: [signIn, "Choose Configuration, System, Security, Authentication.", "Set RTSP Authentication to digest, and save."],
    dahua: [signIn, "Choose Setup, Network, Port, and see that RTSP asks for a login.", update, isolate],
    axis: [signIn, "Choose System, Plain config, Network, and set RTSP's ProtViewer to password.", "Switch off Allow anonymous viewing under System, Accounts."],
    tapo: app("Choose Settings, Advanced Settings, Camera Account, and set a user name and a password."),
  },
  "picture-login": {
    any: [signIn, "Look for Snapshot or Web authentication, and switch the login on: Digest, never none.", update, isolate],
    hikvision: [signIn, "Choose Configuration, System, Security, Authentication.", "Set WEB Authentication to digest, and save.", update],
    axis: [signIn, "Choose System, Accounts, and switch off Allow anonymous viewing."],
  },
  https: {
    any: [signIn, "Look for HTTPS or SSL, make a certificate there, and switch HTTPS on.", "Then switch HTTP off, where it can be switched off.", isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, HTTPS.", "Choose Create Self-signed Certificate, then Enable, and save."],
    dahua: [signIn, "Choose Setup, Network, HTTPS (in newer ones Security, System Service).", "Choose Create Certificate, then Enable HTTPS, and save."],
    axis: [signIn, "Choose System, Network, and set Allow access through to HTTPS."],
    reolink: app("Choose Settings, Network, Advanced, Server Settings, switch HTTPS on and HTTP off."),
    tapo: null,
  },
  "stream-encryption": {
    any: [signIn, "Look for RTSP over TLS (RTSPS) or SRTP, and switch it on.", isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, Network Service, and switch RTSP over TLS on.", isolate],
    dahua: [signIn, "Choose Security, Video Encryption, and switch RTSP over TLS on.", isolate],
    axis: [signIn, "Choose System, Plain config, Network, and switch RTSPS on."],
    reolink: null,
    tapo: null,
  },
  lockout: {
    any: [signIn, "Look for Login lock or Illegal login lock, and switch it on.", update],
    hikvision: [signIn, "Choose Configuration, System, Security, Security Service.", "Switch Enable Illegal Login Lock on, and save."],
    dahua: [signIn, "Choose Security, Attack Defense, Account Lockout.", "Allow at most five attempts, and save."],
    axis: [signIn, "Choose System, Security, and switch Prevent brute-force attacks on."],
  },
  telnet: {
    any: [signIn, "Look for Telnet under Network or Security, and switch it off.", update, isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, and switch Telnet off.", update, isolate],
    dahua: [signIn, "Choose Setup, Network, Port (or System, Safety), and switch Telnet off.", update, isolate],
    axis: closedByUpdateAlone("Telnet"),
    reolink: reolinkUpdate("Telnet"),
    tapo: tapoUpdate("Telnet"),
    wyze: wyzeUpdate("Telnet"),
  },
  ftp: {
    any: [signIn, "Look for FTP server under Network or System, and switch it off.", update, isolate],
    axis: [signIn, "Choose System, Plain config, Network, and switch FTP off."],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, and look for FTP: what it shows there is where pictures are sent; the server itself has no switch.", update, isolate],
    dahua: [signIn, "Choose Security, System Service (in older ones Setup, Network, Port), and switch FTP off where it is named.", update, isolate],
    reolink: reolinkUpdate("the FTP server"),
    tapo: tapoUpdate("the FTP server"),
    wyze: wyzeUpdate("the FTP server"),
  },
  ssh: {
    any: [signIn, "Look for SSH under Network or Security, and switch it off.", update, isolate],
    hikvision: [signIn, "Choose Configuration, System, Security, Security Service.", "Switch Enable SSH off, and save."],
    dahua: [signIn, "Choose Security, System Service, and switch SSH off."],
    axis: [signIn, "Choose System, Accounts, SSH accounts, and switch SSH off."],
    reolink: reolinkUpdate("SSH"),
    tapo: tapoUpdate("SSH"),
    wyze: wyzeUpdate("SSH"),
  },
  "vendor-port": {
    any: [signIn, "Look for Port under Network: if nobody uses the maker's own program, switch its port off.", isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, Network Service, and switch the SDK service off.", "The programs iVMS-4200 and Hik-Connect then no longer find this camera in your network."],
    dahua: [signIn, "Choose Security, System Service, and switch Private Protocol off where it can be.", "The programs SmartPSS and DMSS then no longer find this camera in your network."],
    reolink: app("The app itself needs this port: keep the camera in a network of its own instead."),
    tapo: app("The app itself needs this port: keep the camera in a network of its own instead."),
    axis: closedByUpdateAlone("this port"),
    wyze: app("The app itself needs this port: keep the camera in a network of its own instead."),
  },
  snmp: {
    any: [signIn, "Look for SNMP under Network, and switch it off. Version 3 with a password is the only one that protects anything.", isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, SNMP, and switch v1 and v2c off."],
    dahua: [signIn, "Choose Setup, Network, SNMP, and switch v1 and v2 off."],
    axis: [signIn, "Choose System, Network, SNMP, and switch it off."],
    reolink: reolinkUpdate("SNMP"),
    tapo: tapoUpdate("SNMP"),
    wyze: wyzeUpdate("SNMP"),
  },
  debug: { any: ["This is a way in for the maker's own engineers, and no page of the camera switches it off.", update, isolate] },
  discovery: {
    any: [signIn, "Look for ONVIF or WS-Discovery, and switch Discoverable off.", isolate],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, Network Service, and switch WS-Discovery off.", isolate],
    axis: [signIn, "Choose System, Network, Network discovery protocols, and switch WS-Discovery and Bonjour off."],
  },
  upnp: {
    any: [signIn, "Look for UPnP under Network, and switch it off.", "Look at your router's list of forwarded ports, and remove what leads to this camera."],
    hikvision: [signIn, "Choose Configuration, Network, Basic Settings, NAT.", "Switch Enable UPnP off, and save."],
    dahua: [signIn, "Choose Setup, Network, UPnP.", "Switch it off, and save."],
    axis: [signIn, "Choose System, Network, Network discovery protocols, and switch UPnP off."],
    reolink: app("Choose Settings, Network, Advanced, and switch UPnP off."),
    tapo: null,
  },
  cloud: {
    any: [signIn, "Look for P2P, Cloud or Easy access, and switch it off.", "If there is no such switch, forbid this camera the internet in your router."],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, Platform Access.", "Switch Enable off for Hik-Connect, and save."],
    dahua: [signIn, "Choose Setup, Network, P2P (in newer ones TCP/IP, P2P).", "Switch it off, and save."],
    axis: [signIn, "Choose System, Network, One-click cloud connection, and set it to never."],
    reolink: app("Choose Settings, Network, Advanced, and switch UID off."),
    tapo: ["The camera has no switch for it: forbid it the internet in your router.", "The app then shows it only while your phone is at home."],
    wyze: ["The camera has no switch for it: forbid it the internet in your router."],
  },
  "dynamic-dns": {
    any: [signIn, "Look for DDNS under Network, and switch it off."],
    hikvision: [signIn, "Choose Configuration, Network, Basic Settings, DDNS.", "Switch it off, and save."],
    dahua: [signIn, "Choose Setup, Network, DDNS.", "Switch it off, and save."],
  },
  uploads: {
    any: [signIn, "Look for FTP, E-mail and RTMP under Network, and switch off those that you do not use."],
    hikvision: [signIn, "Choose Configuration, Network, Advanced Settings, and empty FTP and Email."],
    dahua: [signIn, "Choose Setup, Storage, Destination, FTP, and switch it off.", "Choose Setup, Network, SMTP (Email), and RTMP, and switch them off."],
    reolink: app("Choose Settings, FTP and Email Alerts, and switch them off."),
    axis: [signIn, "Choose System, Events, Recipients, and delete those that are on the internet."],
  },
  internet: {
    any: [
      "Give the camera a fixed address, with the gateway's address as its router, name server and time server, or none.",
      "Or forbid this camera the internet in your router: it may call that Parental controls or Access profile.",
    ],
    tapo: ["Forbid this camera the internet in your router: it may call that Parental controls or Access profile."],
  },
  firmware: {
    any: ["Find the camera's model and firmware below, and look at its maker's support pages for newer firmware of that very model.", "Lay the file into Gatehouse's folder for firmware, and let Gatehouse install it; or install it at the camera's page, under Maintenance or Upgrade.", "If there is none any more, replace the camera, and keep it away from the internet until then."],
    axis: [signIn, "Choose System, Maintenance, AXIS OS upgrade, with a file from axis.com/support/device-software."],
    reolink: app("Choose Settings, the camera's name, Check for updates; or take the file from reolink.com/download-center."),
    tapo: app("Choose Settings, Firmware Update, and install what it offers."),
    wyze: app("Choose Settings, Device Info, Firmware Version, and install what it offers."),
    hikvision: ["Look for the firmware of this very model, and of its hardware version, at hikvision.com, Support, Download.", signIn, "Choose Configuration, System, Maintenance, Upgrade & Maintenance, and upgrade with that file; or let Gatehouse install it: `gatehouse firmware install`."],
    dahua: ["Look for the firmware of this very model at dahuasecurity.com, Support, Download Center.", signIn, "Choose Setup, System, Upgrade, and upgrade with that file; or let Gatehouse install it: `gatehouse firmware install`."],
  },
  "auto-update": {
    any: [signIn, "Look for Automatic update under Maintenance or System, and switch it on."],
    reolink: app("Choose Settings, the camera's name, and switch Auto Update on."),
    tapo: app("Choose Me, Firmware Update, and switch Auto Update on."),
    hikvision: [signIn, "Choose Configuration, System, Maintenance, Upgrade & Maintenance, and look for Auto-Upgrade; many models have none.", "Where there is none, look at the maker's page for newer firmware twice a year."],
    dahua: [signIn, "Choose Setup, System, Upgrade, and switch Auto-check for updates on."],
    axis: [signIn, "Such a camera does not update itself: choose System, Maintenance, AXIS OS upgrade, twice a year."],
    wyze: app("Choose Account, App Settings, Firmware Update, and switch the automatic one on."),
  },
  clock: {
    any: [signIn, "Look for Time or Date under System.", "Set the right time, or name a time server: the gateway can be one."],
    hikvision: [signIn, "Choose Configuration, System, System Settings, Time Settings.", "Set the right time, or name the gateway as the NTP server."],
    dahua: [signIn, "Choose Setup, System, General, Date&Time.", "Set the right time, or name the gateway as the NTP server."],
    axis: [signIn, "Choose System, Time and location.", "Set the right time, or name the gateway as the NTP server."],
  },
  "ip-filter": {
    any: [signIn, "Look for IP filter or Whitelist under Security, and allow only the gateway's address and your own computer's."],
    hikvision: [signIn, "Choose Configuration, System, Security, IP Address Filter.", "Choose Allowed, and add the gateway's address and your own computer's."],
    dahua: [signIn, "Choose Setup, Network, Firewall (in newer ones Security, Firewall).", "Choose Allowlist, and add the gateway's address and your own computer's."],
    axis: [signIn, "Choose System, Security, Firewall (in older ones IP address filter).", "Allow only the gateway's address and your own computer's."],
  },
  "key-changed": {
    any: [
      "Ask at home whether somebody has reset, updated or replaced this camera: each of them gives it another key.",
      "If so, open the camera's page, look at the certificate in your browser, and compare its key with the one that `gatehouse remedy apply repin` shows. Go on only if they are the same.",
      "If nobody has done any of that, type no password there: take the camera off the network, reset it by its button, and set it up anew.",
    ],
  },
  wifi: {
    any: ["In your router, choose WPA3, or WPA2 with AES (CCMP) alone: neither WEP nor TKIP.", "Then let the camera join that network anew, with a cable where it can.", "A camera that knows nothing better should be replaced."],
  },
}; // prettier-ignore
