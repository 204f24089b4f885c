import { element, escapeXml, XmlPart } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import type { Account, UserLevel } from "../camera-state.ts";
import type { VendorAnswer, VendorDesk, VendorRequest } from "./vendor-desk.ts";

const namespace = `version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"`;
const xml = (body: string, status = 200): VendorAnswer => ({
  status,
  type: "application/xml",
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});

const responseStatus = (url: string, code: number, text: string, sub: string, status = 200): VendorAnswer =>
  xml(
    element(
      `ResponseStatus ${namespace}`,
      element("requestURL", escapeXml(url)),
      element("statusCode", String(code)),
      element("statusString", text),
      element("subStatusCode", sub),
    ),
    status,
  );
const done = (url: string): VendorAnswer => responseStatus(url, 1, "OK", "ok");
const notFound = (url: string): VendorAnswer => responseStatus(url, 4, "Invalid Operation", "notSupport", 404);
const badContent = (url: string): VendorAnswer => responseStatus(url, 6, "Invalid XML Content", "badParameters", 400);

/** A switch: its path, its element, and where it is kept. */
interface Switch {
  readonly root: string;
  readonly get: (core: CameraCore) => boolean;
  readonly set: (core: CameraCore, on: boolean) => void;
}

const switches: Readonly<Record<string, Switch>> = {
  "/ISAPI/System/Network/EZVIZ": {
    root: "EZVIZ",
    get: ({ state }) => state.p2p,
    set: ({ state }, on) => (state.p2p = on),
  },
  "/ISAPI/System/Network/UPnP": {
    root: "UPnP",
    get: ({ state }) => state.upnp.enabled,
    set: ({ state }, on) => (state.upnp.enabled = on),
  },
  "/ISAPI/System/Network/telnetd": {
    root: "Telnetd",
    get: ({ state }) => state.services.telnet,
    set: ({ state }, on) => (state.services.telnet = on),
  },
  "/ISAPI/System/Network/ssh": {
    root: "SSH",
    get: ({ state }) => state.services.ssh,
    set: ({ state }, on) => (state.services.ssh = on),
  },
  "/ISAPI/System/Network/ftpServer": {
    root: "FTPServer",
    get: ({ state }) => state.services.ftp,
    set: ({ state }, on) => (state.services.ftp = on),
  },
};

const levelNames: Readonly<Record<UserLevel, string>> = {
  Administrator: "Administrator",
  Operator: "Operator",
  User: "Viewer",
  Anonymous: "Viewer",
};

/** Hikvision's ISAPI, as far as public clients of it show: settings as XML under paths. */
export class IsapiDesk implements VendorDesk {
  readonly #core: CameraCore;

  constructor(core: CameraCore) {
    this.#core = core;
  }

  knows(_method: string, url: string): boolean {
    return url.startsWith("/ISAPI/") || url === "/SDK/activateStatus";
  }

  isOpen(_method: string, url: string): boolean {
    return url === "/SDK/activateStatus";
  }

  async answer({ method, url, body }: VendorRequest): Promise<VendorAnswer> {
    const [path = ""] = url.split("?");
    const { state } = this.#core;
    if (path === "/SDK/activateStatus") {
      return xml(element(`ActivateStatus ${namespace}`, element("Activated", String(state.initialised))));
    }
    const known = Object.hasOwn(switches, path) ? switches[path] : undefined;
    if (known !== undefined) return await this.#switch(known, { method, url, body });
    if (path.startsWith("/ISAPI/Security/users")) return await this.#users({ method, url, body });
    const page = method === "GET" ? this.#page(path) : undefined;
    if (page !== undefined) return xml(page);
    return method === "PUT" ? await this.#put(path, { method, url, body }) : notFound(url);
  }

  /** Whose login was refused learns how often it may still try. */
  refusal(admission: { readonly kind: "refused" | "locked"; readonly seconds?: number }) {
    const locked = admission.kind === "locked";
    return {
      type: "application/xml",
      body: element(
        `userCheck ${namespace}`,
        element("statusValue", "401"),
        element("statusString", "Unauthorized"),
        element("lockStatus", locked ? "lock" : "unlock"),
        locked ? element("unlockTime", String(admission.seconds ?? 0)) : "",
        element(
          "retryLoginTime",
          locked ? "0" : String(this.#core.accounts.triesLeft("web", this.#core.face.administrator) ?? 9),
        ),
      ),
    };
  }

  async #switch({ root, get, set }: Switch, { method, url, body }: VendorRequest): Promise<VendorAnswer> {
    if (method === "GET") return xml(element(`${root} ${namespace}`, element("enabled", String(get(this.#core)))));
    const enabled = new XmlPart(body).text("enabled");
    if (method !== "PUT" || (enabled !== "true" && enabled !== "false")) return badContent(url);
    await this.#core.change(url, () => set(this.#core, enabled === "true"));
    return done(url);
  }

  #page(path: string): string | undefined {
    const { state } = this.#core;
    const { identity, protocols, push } = state;
    switch (path) {
      case "/ISAPI/System/deviceInfo": {
        const [version = "", build = ""] = identity.firmware.split(" build ");
        return element(
          `DeviceInfo ${namespace}`,
          element("deviceName", "IP CAMERA"),
          element("model", identity.model),
          element("serialNumber", identity.serial),
          element("macAddress", identity.mac.toLowerCase()),
          element("firmwareVersion", version),
          element("firmwareReleasedDate", `build ${build}`),
        );
      }
      case "/ISAPI/Security/userCheck":
        return element(`userCheck ${namespace}`, element("statusValue", "200"), element("statusString", "OK"));
      case "/ISAPI/System/Network/UPnP/ports":
        return element(`ports ${namespace}`, element("mapMode", "auto"));
      case "/ISAPI/Security/adminAccesses":
        return adminAccesses(protocols);
      case "/ISAPI/System/Network/ftp":
        return upload("FTPNotificationList", "FTPNotification", push.ftp);
      case "/ISAPI/System/Network/mailing":
        return upload("mailingList", "mailing", push.smtp);
      case "/ISAPI/Security/RTSPCertificate":
        return element(`RTSPCertificate ${namespace}`, element("certificateType", rtspLogin(state.login.rtspBasic)));
      default:
        return undefined;
    }
  }

  async #put(path: string, { url, body }: VendorRequest): Promise<VendorAnswer> {
    const core = this.#core;
    const part = new XmlPart(body);
    switch (path) {
      case "/ISAPI/System/Network/ftp":
      case "/ISAPI/System/Network/mailing": {
        const target = part.text("enabled") === "true" ? (part.text("hostName") ?? "") : "";
        await core.change(path, () => (core.state.push[path.endsWith("ftp") ? "ftp" : "smtp"] = target));
        return done(url);
      }
      case "/ISAPI/Security/RTSPCertificate": {
        const type = part.text("certificateType") ?? "";
        if (!["digest", "digest/basic", "basic"].includes(type)) return badContent(url);
        await core.change(path, () => {
          core.state.login.rtspBasic = type !== "digest";
          core.state.anonymous.rtsp = "none";
        });
        return done(url);
      }
      default:
        return notFound(url);
    }
  }

  async #users({ method, url, body }: VendorRequest): Promise<VendorAnswer> {
    const core = this.#core;
    const { web } = core.state.accounts;
    const [, index] = /^\/ISAPI\/Security\/users\/(\d+)$/.exec(url) ?? [];
    if (index === undefined) {
      if (method !== "GET") return notFound(url);
      return xml(element(`UserList ${namespace}`, ...web.map((account, at) => writeUser(account, at))));
    }
    const account = web[Number(index) - 1];
    if (account === undefined) return notFound(url);
    const password = new XmlPart(body).text("password");
    if (method === "GET") return xml(writeUser(account, Number(index) - 1));
    if (method === "DELETE") await core.change(url, () => void web.splice(Number(index) - 1, 1));
    else if (method === "PUT" && password !== undefined && isPassword(core, password)) {
      await core.change(url, () => (account.password = password));
    } else return badContent(url);
    return done(url);
  }
}

const rtspLogin = (basic: boolean): string => (basic ? "digest/basic" : "digest");

const isPassword = ({ face }: CameraCore, password: string): boolean =>
  password.length >= face.password.shortest && password.length <= face.password.longest;

const writeUser = ({ username, level }: Account, at: number): string =>
  element(
    `User ${namespace}`,
    element("id", String(at + 1)),
    element("userName", escapeXml(username)),
    element("userLevel", levelNames[level]),
  );

const adminAccesses = (protocols: CameraCore["state"]["protocols"]): string =>
  element(
    `AdminAccessProtocolList ${namespace}`,
    ...(["HTTP", "HTTPS", "RTSP"] as const).map((name, at) =>
      element(
        "AdminAccessProtocol",
        element("id", String(at + 1)),
        element("enabled", String(protocols[name].enabled)),
        element("protocol", name),
        element("portNo", String(protocols[name].ports[0] ?? 0)),
      ),
    ),
  );

const upload = (list: string, name: string, host: string): string =>
  element(
    `${list} ${namespace}`,
    element(
      name,
      element("id", "1"),
      element("enabled", String(host !== "")),
      element("addressingFormatType", "hostname"),
      element("hostName", escapeXml(host)),
    ),
  );
