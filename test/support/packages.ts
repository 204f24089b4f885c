import { existsSync } from "node:fs";
import { join } from "node:path";

import { root } from "./repository.ts";

/** Programs of Debian that some tests talk to. `test/run.ts` installs what is missing when it may. */
export interface Need {
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** Present when all of these files exist. */
  readonly files: readonly string[];
  /** Where only this program of the package is wanted, and the service that comes with it is not: it is put at the one of `files`. */
  readonly only?: string;
}

const promtools = "/usr/bin/promtool";
/** Judges what is written for Prometheus, as Prometheus does. */
export const promtool = existsSync(promtools) ? promtools : join(root, "node_modules/.cache/debian/promtool");

export const needs = {
  bubblewrap: { packages: ["bubblewrap"], files: ["/usr/bin/bwrap"] },
  captures: { packages: ["tcpdump"], files: ["/usr/bin/tcpdump"] },
  chromium: { packages: ["chromium"], files: ["/usr/bin/chromium"] },
  curl: { packages: ["curl"], files: ["/usr/bin/curl"] },
  ffmpeg: { packages: ["ffmpeg"], files: ["/usr/bin/ffmpeg", "/usr/bin/ffprobe"] },
  gnutls: { packages: ["gnutls-bin"], files: ["/usr/bin/gnutls-serv"] },
  gstreamer: {
    packages: [
      "python3-gi",
      "gir1.2-gst-rtsp-server-1.0",
      "gstreamer1.0-plugins-base",
      "gstreamer1.0-plugins-good",
      "gstreamer1.0-plugins-bad",
      "gstreamer1.0-plugins-ugly",
      "gstreamer1.0-libav",
      "gstreamer1.0-tools",
    ],
    files: ["/usr/bin/python3", "/usr/bin/gst-launch-1.0", "/usr/lib/python3/dist-packages/gi"],
  },
  haproxy: { packages: ["haproxy"], files: ["/usr/sbin/haproxy"] },
  netcat: { packages: ["netcat-openbsd"], files: ["/bin/nc.openbsd"] },
  nssTools: { packages: ["libnss3-tools"], files: ["/usr/bin/certutil"] },
  oathtool: { packages: ["oathtool"], files: ["/usr/bin/oathtool"] },
  onvifTools: { packages: ["onvif-tools", "iproute2"], files: ["/usr/bin/onvif-util", "/sbin/ip"] },
  openssl: { packages: ["openssl"], files: ["/usr/bin/openssl"] },
  pebble: { packages: ["pebble"], files: ["/usr/bin/pebble", "/usr/bin/pebble-challtestsrv"] },
  promtool: { packages: ["prometheus"], files: [promtool], only: promtools },
  rdate: { packages: ["rdate"], files: ["/usr/sbin/rdate"] },
  router: {
    packages: ["nftables", "iproute2", "miniupnpd-nftables", "miniupnpc", "natpmpc"],
    files: ["/usr/sbin/nft", "/sbin/ip", "/usr/sbin/miniupnpd", "/usr/bin/upnpc", "/usr/bin/natpmpc"],
  },
  systemd: { packages: ["systemd"], files: ["/usr/bin/systemd-analyze"] },
} as const satisfies Record<string, Need>;

export type NeedName = keyof typeof needs;

export const have = (...names: readonly NeedName[]): boolean =>
  names.every((name) => needs[name].files.every((file) => existsSync(file)));
