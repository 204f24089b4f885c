import { GatehouseError } from "@gatehouse/shared";
import { isIP } from "node:net";

/** Where the owner says a camera is. */
export type CameraAddress =
  /**
   * Device services to try, in order; more than one only where the owner gave neither port nor path. `picture` is set where
   * the address may be that of a still picture instead, which is to be found out first.
   */
  | { readonly kind: "onvif"; readonly candidates: readonly URL[]; readonly picture?: URL }
  | { readonly kind: "rtsp"; readonly url: URL };

const devicePath = "/onvif/device_service";
/** Ports on which cameras serve ONVIF when it is not at 80: Tapo, then the habits of the many others. */
const otherPorts = [2020, 8080, 8000, 8899];

/** Some cameras take their login in the path (`/user=admin_password=…`). An address is stored and shown; a password belongs in the vault. */
const loginInPath = /(?:pass(?:word|wd)?|pwd)=/i;

/** @throws GatehouseError `request-invalid`, above all for credentials inside the address */
export const parseCameraAddress = (given: string): CameraAddress => {
  const text = given.trim();
  const [, scheme] = /^([a-z][a-z\d+.-]*):\/\//i.exec(text) ?? [];
  const url = toUrl(scheme === undefined ? `http://${isIP(text) === 6 ? `[${text}]` : text}` : text);
  if (url.username !== "" || url.password !== "" || loginInPath.test(url.pathname + url.search)) {
    throw new GatehouseError("request-invalid", "The address holds a user name or password.", {
      details: { field: "address" },
      remedy: "Leave them out of the address and give them as user name and password: addresses end up in logs.",
    });
  }
  url.hash = "";
  switch (url.protocol) {
    case "rtsp:":
    case "rtsps:":
      return { kind: "rtsp", url };
    case "http:":
    case "https:":
      return mayBePicture(url)
        ? { kind: "onvif", candidates: [url], picture: url }
        : { kind: "onvif", candidates: candidates(url, scheme === undefined) };
    default:
      throw invalid(`Gatehouse does not know ${url.protocol}// addresses.`);
  }
};

const toUrl = (text: string): URL => {
  if (/[\s\p{C}]/u.test(text) || !URL.canParse(text)) throw invalid("The address is none.");
  const url = new URL(text);
  if (url.hostname === "") throw invalid("The address names no host.");
  return url;
};

/** Every path that the owner gives but those of ONVIF. */
const mayBePicture = ({ pathname, search }: URL): boolean =>
  (pathname !== "/" || search !== "") && !/^\/onvif(\/|$)/i.test(pathname);

const candidates = (url: URL, guess: boolean): readonly URL[] => {
  const bare = url.pathname === "/" && url.search === "";
  if (bare) url.pathname = devicePath;
  if (!guess || !bare || url.port !== "") return [url];
  return [url, ...otherPorts.map((port) => Object.assign(new URL(url), { port: String(port) }))];
};

const invalid = (message: string): GatehouseError =>
  new GatehouseError("request-invalid", message, {
    details: { field: "address" },
    remedy:
      "Give the camera's address as 192.168.1.20, camera.lan:8080, http(s)://…, also of a JPEG picture, or rtsp(s)://….",
  });
