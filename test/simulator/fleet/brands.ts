/** Whose face a simulated camera wears. `other` is a cheap one without a name. */
export const brands = ["hikvision", "dahua", "reolink", "axis", "tapo", "other"] as const;
export type Brand = (typeof brands)[number];

/** A firmware as such a camera would report it. */
export interface Firmware {
  readonly model: string;
  readonly hardware: string;
  /** What the camera says, for a build of that day. */
  readonly version: (built: Build) => string;
  /** `2021-02-05`; undefined for one of a few months ago. */
  readonly builtOn?: string;
  /** What is publicly known against it: a CVE, or one that is in CISA's list of exploited ones. */
  readonly flaw?: "cve" | "kev";
}

/** A day, in the digits that versions write it with. */
export interface Build {
  /** `2021` */
  readonly year: string;
  /** `21` */
  readonly yy: string;
  readonly mm: string;
  readonly dd: string;
}

/** What is the same in all cameras of a brand. */
export interface Face {
  readonly manufacturer: string;
  /** First half of the MAC address, upper case. */
  readonly oui: string;
  /** The Server header of its web pages; undefined for none. */
  readonly server: string | undefined;
  readonly realm: string;
  readonly title: string;
  /** Accounts of ONVIF and of the web pages (and RTSP) are lists of their own. */
  readonly twoPlanes: boolean;
  readonly administrator: string;
  /** Undefined where the factory sets none. */
  readonly factoryPassword: string | undefined;
  /** An account that may have no password, where the administrator's is not the one without. */
  readonly secondAccount: string;
  /** Of ONVIF without TLS. */
  readonly onvifPort: number;
  readonly servicePath: string;
  /** The one that ONVIF names, then others that the brand is known for. */
  readonly snapshotPaths: readonly [string, ...string[]];
  readonly routes: { readonly main: string; readonly sub: string; readonly other: string };
  /** Where the vendor's own program connects to. */
  readonly vendorPort: number | undefined;
  readonly telnetPort: number;
  readonly telnetBanner: string;
  readonly debugPort: number;
  readonly rtspServer: string;
  /** Takes HTTP Digest on ONVIF beside the UsernameToken that all take. */
  readonly httpDigest: boolean;
  /** Has ONVIF's service for keys and certificates. */
  readonly keystore: boolean;
  /** Can speak RTSP within TLS. */
  readonly rtsps: boolean;
  readonly password: { readonly shortest: number; readonly longest: number; readonly kinds: number };
  /** Which of its settings can be read and switched by the vendor's words. */
  readonly vendorApi: "isapi" | "cgi" | "json" | "vapix" | undefined;
  readonly canSwitch: {
    readonly p2p: boolean;
    readonly push: boolean;
    readonly autoUpdate: boolean;
    readonly upnp: boolean;
  };
  /** How it says that nobody has set it up. */
  readonly uninitialised: "profile-q" | "activation" | "rspcode";
  readonly firmware: {
    readonly sound: Firmware;
    /** More than two years old, with nothing known against it; likewise the others. */
    readonly old: Firmware;
    readonly cve: Firmware | undefined;
    readonly kev: Firmware | undefined;
  };
}

const common = {
  servicePath: "/onvif/device_service",
  onvifPort: 80,
  telnetPort: 23,
  debugPort: 5555,
  canSwitch: { p2p: true, push: true, autoUpdate: false, upnp: true },
} as const;

const hikvisionG2 = { model: "DS-2CD2143G2-I", hardware: "88" };
const dahuaHdw = { model: "IPC-HDW5449TM-SE-LED", hardware: "1.00" };
const reolink810 = { model: "RLC-810A", hardware: "IPC_523128M8MP" };
const tapo210 = { model: "Tapo C210", hardware: "2.0" };
const nameless = { model: "C6F0SoZ3N0PmL2", hardware: "1.0" };

const none = { p2p: false, push: false, autoUpdate: false, upnp: false };

/**
 * Names, ports, paths and versions as vendors' pages, open-source clients and captures show them: RTSP routes and factory passwords in cameradar's and
 * DefaultCreds' lists, ports in the vendors' lists of ports. Versions with known flaws: CVE-2021-36260 (Hikvision, firmware built before
 * 28 June 2021), CVE-2021-33044 (Dahua, built before June 2021) and CVE-2022-30563 (Dahua's ONVIF login, fixed on 28 June 2022),
 * CVE-2021-40407 (Reolink RLC-410W, v3.0.0.136_20121102), CVE-2018-10660 (Axis, before 8.20.1), CVE-2021-4045 (Tapo C200, before 1.1.16
 * build 211209).
 */
export const faces: Readonly<Record<Brand, Face>> = {
  hikvision: {
    ...common,
    manufacturer: "HIKVISION",
    oui: "44:19:B6",
    server: "webserver",
    realm: "IP Camera(C2210)",
    title: "index",
    twoPlanes: true,
    administrator: "admin",
    factoryPassword: "12345",
    secondAccount: "operator",
    snapshotPaths: ["/onvif-http/snapshot", "/ISAPI/Streaming/channels/101/picture", "/Streaming/channels/1/picture"],
    routes: { main: "/Streaming/Channels/101", sub: "/Streaming/Channels/102", other: "/h264/ch1/main/av_stream" },
    vendorPort: 8000,
    telnetBanner: "\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\ndvrdvs login: ",
    rtspServer: "",
    httpDigest: true,
    keystore: true,
    rtsps: true,
    password: { shortest: 8, longest: 16, kinds: 2 },
    vendorApi: "isapi",
    uninitialised: "activation",
    firmware: {
      sound: { ...hikvisionG2, version: ({ yy, mm, dd }) => `V5.8.11 build ${yy}${mm}${dd}` },
      old: { ...hikvisionG2, version: () => "V5.7.18 build 240304", builtOn: "2024-03-04" },
      cve: undefined,
      kev: {
        model: "DS-2CD2143G0-I",
        hardware: "88",
        version: () => "V5.5.82 build 190909",
        builtOn: "2019-09-09",
        flaw: "kev",
      },
    },
  },
  dahua: {
    ...common,
    manufacturer: "Dahua",
    oui: "3C:EF:8C",
    server: undefined,
    realm: "Login to 7ae38d1c90b24f56",
    title: "WEB SERVICE",
    twoPlanes: true,
    administrator: "admin",
    factoryPassword: "admin",
    secondAccount: "888888",
    snapshotPaths: ["/cgi-bin/snapshot.cgi"],
    routes: {
      main: "/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif",
      sub: "/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif",
      other: "/live",
    },
    vendorPort: 37_777,
    telnetBanner: "\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\n(none) login: ",
    rtspServer: "Rtsp Server/3.0",
    httpDigest: true,
    keystore: true,
    rtsps: true,
    password: { shortest: 8, longest: 32, kinds: 2 },
    vendorApi: "cgi",
    uninitialised: "profile-q",
    firmware: {
      sound: { ...dahuaHdw, version: ({ year, mm, dd }) => `3.142.0000000.5.R.${year}${mm}${dd}` },
      old: { ...dahuaHdw, version: () => "3.120.0000000.1.R.20240115", builtOn: "2024-01-15" },
      cve: {
        model: "IPC-HDBW2231E-S-S2",
        hardware: "1.00",
        version: () => "2.820.0000000.5.R.20210705",
        builtOn: "2021-07-05",
        flaw: "cve",
      },
      kev: {
        model: "IPC-HUM7442",
        hardware: "1.00",
        version: () => "2.820.0000000.5.R.20210205",
        builtOn: "2021-02-05",
        flaw: "kev",
      },
    },
  },
  reolink: {
    ...common,
    manufacturer: "Reolink",
    oui: "EC:71:DB",
    server: "nginx",
    realm: "BC Streaming Media",
    title: "Reolink",
    twoPlanes: false,
    administrator: "admin",
    factoryPassword: "",
    secondAccount: "guest",
    onvifPort: 8000,
    snapshotPaths: ["/cgi-bin/api.cgi?cmd=onvifSnapPic&channel=0", "/cgi-bin/api.cgi?cmd=Snap&channel=0"],
    routes: { main: "/h264Preview_01_main", sub: "/h264Preview_01_sub", other: "/Preview_01_main" },
    vendorPort: 9000,
    telnetBanner: "(none) login: ",
    rtspServer: "",
    httpDigest: false,
    keystore: false,
    rtsps: false,
    password: { shortest: 1, longest: 31, kinds: 1 },
    vendorApi: "json",
    canSwitch: { p2p: true, push: true, autoUpdate: true, upnp: true },
    uninitialised: "rspcode",
    firmware: {
      sound: { ...reolink810, version: ({ yy, mm, dd }) => `v3.1.0.5110_${yy}${mm}${dd}04` },
      old: { ...reolink810, version: () => "v3.1.0.2368_23062508", builtOn: "2023-06-25" },
      cve: undefined,
      kev: {
        model: "RLC-410W",
        hardware: "IPC_51516M5M",
        version: () => "v3.0.0.136_20121102",
        builtOn: "2020-12-11",
        flaw: "kev",
      },
    },
  },
  axis: {
    ...common,
    manufacturer: "AXIS",
    oui: "00:40:8C",
    server: "Apache",
    realm: "AXIS_ACCC8E000001",
    title: "AXIS",
    twoPlanes: false,
    administrator: "root",
    factoryPassword: "pass",
    secondAccount: "viewer",
    snapshotPaths: ["/onvif-cgi/jpg/image.cgi", "/axis-cgi/jpg/image.cgi", "/jpg/image.jpg"],
    routes: {
      main: "/onvif-media/media.amp?profile=profile_1&sessiontimeout=60&streamtype=unicast",
      sub: "/onvif-media/media.amp?profile=profile_2&sessiontimeout=60&streamtype=unicast",
      other: "/axis-media/media.amp",
    },
    vendorPort: undefined,
    telnetBanner: "\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03axis login: ",
    rtspServer: "GStreamer RTSP server",
    httpDigest: true,
    keystore: true,
    rtsps: true,
    password: { shortest: 1, longest: 64, kinds: 1 },
    vendorApi: "vapix",
    canSwitch: { p2p: true, push: false, autoUpdate: false, upnp: true },
    uninitialised: "profile-q",
    firmware: {
      sound: { model: "M3057-PLR Mk II", hardware: "7F5.1", version: () => "12.4.59" },
      old: { model: "M3057-PLR Mk II", hardware: "7F5.1", version: () => "11.11.73", builtOn: "2024-05-27" },
      cve: { model: "M3044-V", hardware: "76F.1", version: () => "7.20.1", builtOn: "2017-09-04", flaw: "cve" },
      kev: undefined,
    },
  },
  tapo: {
    ...common,
    manufacturer: "tp-link",
    oui: "9C:53:22",
    server: undefined,
    realm: "TP-LINK IP-Camera",
    title: "TP-Link",
    twoPlanes: false,
    administrator: "admin",
    factoryPassword: undefined,
    secondAccount: "camera",
    onvifPort: 2020,
    servicePath: "/onvif/service",
    snapshotPaths: ["/snapshot.jpg"],
    routes: { main: "/stream1", sub: "/stream2", other: "/stream8" },
    vendorPort: 8800,
    telnetBanner: "SLP login: ",
    rtspServer: "",
    httpDigest: false,
    keystore: false,
    rtsps: false,
    password: { shortest: 6, longest: 32, kinds: 1 },
    vendorApi: undefined,
    canSwitch: none,
    uninitialised: "profile-q",
    firmware: {
      sound: { ...tapo210, version: ({ yy, mm, dd }) => `1.4.9 Build ${yy}${mm}${dd} Rel.41230n` },
      old: { ...tapo210, version: () => "1.3.7 Build 230823 Rel.63521n", builtOn: "2023-08-23" },
      cve: {
        model: "Tapo C200",
        hardware: "1.0",
        version: () => "1.1.15 Build 211130 Rel.15378n",
        builtOn: "2021-11-30",
        flaw: "cve",
      },
      kev: undefined,
    },
  },
  other: {
    ...common,
    manufacturer: "IPCAM",
    oui: "00:12:17",
    server: "thttpd",
    realm: "IP Camera",
    title: "IP Camera",
    twoPlanes: false,
    administrator: "admin",
    factoryPassword: "admin",
    secondAccount: "guest",
    snapshotPaths: ["/snap.jpg", "/snapshot.jpg", "/tmpfs/auto.jpg"],
    routes: { main: "/11", sub: "/12", other: "/live/ch00_0" },
    vendorPort: 34_567,
    telnetPort: 2323,
    telnetBanner: "LocalHost login: ",
    debugPort: 1234,
    rtspServer: "H264DVR 1.0",
    httpDigest: false,
    keystore: false,
    rtsps: false,
    password: { shortest: 1, longest: 32, kinds: 1 },
    vendorApi: undefined,
    canSwitch: none,
    uninitialised: "profile-q",
    firmware: {
      sound: { ...nameless, version: ({ year, mm, dd }) => `V21.1.40.4.2-${year}${mm}${dd}` },
      old: { ...nameless, version: () => "V11.4.8.1.1-20180512", builtOn: "2018-05-12" },
      cve: undefined,
      kev: undefined,
    },
  },
};
