import type { Vendor } from "./probe/probed-camera.ts";

/** What tells who made a camera; whatever is not known is left out. All of it is the camera's own claim. */
export interface VendorClues {
  /** GetDeviceInformation. */
  readonly manufacturer?: string;
  readonly model?: string;
  /** Of WS-Discovery or GetScopes, as URIs. */
  readonly scopes?: readonly string[];
  /** In any way of writing. */
  readonly mac?: string;
  /** Subject of its TLS certificate. */
  readonly commonName?: string;
  /** Of its web page. */
  readonly title?: string;
  /** The Server header of its page. */
  readonly server?: string;
  /** Path of its stream. */
  readonly stream?: string;
}

interface VendorRow {
  readonly vendor: Vendor;
  /** In a manufacturer, a name or hardware scope, a certificate's name, a page's title. */
  readonly name: RegExp;
  readonly model?: RegExp;
  readonly server?: RegExp;
  readonly stream?: RegExp;
  /** First three bytes of its network addresses. */
  readonly prefixes: readonly string[];
}

/**
 * Makers by their traces. Brands that are built by another (Amcrest and Lorex by Dahua, HiLook and EZVIZ by Hikvision) are spoken to as that one.
 * Network prefixes: IEEE registration authority, "MA-L" (https://standards-oui.ieee.org/). Stream paths: `rules/vendor-routes.ts`.
 */
const rows: readonly VendorRow[] = [
  {
    vendor: "hikvision",
    name: /hikvision|hiwatch|hilook|ezviz/i,
    model: /^i?DS-2/i,
    server: /^(?:App|DNVRS|DVRDVS|Hikvision)-Webs/i,
    stream: /^\/Streaming\/Channels\//i,
    prefixes: ["4419b6", "2857be", "c056e3", "4cbd8f", "1868cb", "c42f90", "b4a382", "54c415", "38f25d"],
  },
  {
    vendor: "dahua",
    name: /dahua|amcrest|lorex/i,
    model: /^(?:DH-)?IPC-H/i,
    stream: /^\/cam\/realmonitor\b/i,
    prefixes: ["e0508b", "3cef8c", "4c11bf", "a0bd1d", "9002a9", "9c8ecd"],
  },
  { vendor: "reolink", name: /reolink/i, stream: /^\/h26[45]Preview_/i, prefixes: ["ec71db"] },
  {
    vendor: "axis",
    name: /\baxis\b/i,
    stream: /^\/(?:axis|onvif)-media\/media\.(?:amp|3gp)/i,
    prefixes: ["00408c", "accc8e", "b8a44f", "e82725"],
  },
  { vendor: "tapo", name: /\btapo\b|tp-?link/i, server: /^TP-?LINK/i, prefixes: [] },
  { vendor: "wyze", name: /\bwyze\b/i, prefixes: ["2caa8e", "d03f27"] },
  { vendor: "foscam", name: /foscam/i, stream: /^\/(?:videoMain|videoSub)$/i, prefixes: [] },
];

/**
 * Who made it, by the clue that is hardest to be wrong first: what it says of itself, its names, its page, its stream, its network address.
 * `other` where nothing tells, or is not spoken to in any way of its own.
 */
export const vendorOf = (clues: VendorClues): Vendor => {
  const scopes = namesIn(clues.scopes ?? []);
  const names = [clues.manufacturer, ...scopes, clues.commonName, clues.title];
  // Some call themselves by their model in every scope.
  const models = [clues.model, ...scopes];
  const prefix = (clues.mac ?? "").replace(/[^\da-f]/gi, "").slice(0, 6).toLowerCase(); // prettier-ignore
  const signs: readonly ((row: VendorRow) => boolean)[] = [
    ...names.map((text) => (row: VendorRow) => row.name.test(text ?? "")),
    ({ model }) => models.some((text) => model?.test(text ?? "") === true),
    ({ server }) => server?.test(clues.server ?? "") === true,
    ({ stream }) => stream?.test(clues.stream ?? "") === true,
    ({ prefixes }) => prefixes.includes(prefix),
  ];
  for (const sign of signs) {
    const row = rows.find(sign);
    if (row !== undefined) return row.vendor;
  }
  return "other";
};

/** `onvif://www.onvif.org/name/HIKVISION%20DS-2CD` gives `HIKVISION DS-2CD`; places and profiles say nothing of the maker. */
const namesIn = (scopes: readonly string[]): readonly string[] =>
  scopes.flatMap((scope) => {
    const found = /^onvif:\/\/www\.onvif\.org\/(?:name|hardware|manufacturer)\/(.*)$/i.exec(scope)?.[1];
    return found === undefined ? [] : [unescaped(found)];
  });

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
