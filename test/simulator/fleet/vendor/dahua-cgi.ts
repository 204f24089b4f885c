import type { CameraCore } from "../camera-core.ts";
import type { VendorAnswer, VendorDesk, VendorRequest } from "./vendor-desk.ts";

const text = (body: string, status = 200): VendorAnswer => ({ status, type: "text/plain;charset=utf-8", body });
const ok = text("OK\r\n");
const error = text("Error\r\nBad Request!\r\n", 400);

/** A setting by its whole name: `UPnP.Enable`. */
interface Setting {
  readonly get: (core: CameraCore) => string;
  readonly set: (core: CameraCore, value: string) => void;
}

const flag = (get: (core: CameraCore) => boolean, set: (core: CameraCore, on: boolean) => void): Setting => ({
  get: (core) => String(get(core)),
  set: (core, value) => set(core, value === "true"),
});

const push = (name: "ftp" | "smtp"): Setting =>
  flag(
    ({ state }) => state.push[name] !== "",
    ({ state }, on) => (state.push[name] = on ? `${name}.example.net` : ""),
  );

const settings: Readonly<Record<string, Setting>> = {
  "T2UServer.Enable": flag(
    ({ state }) => state.p2p,
    ({ state }, on) => (state.p2p = on),
  ),
  "VSP_PaaS.Enable": flag(
    () => false,
    () => undefined,
  ),
  "UPnP.Enable": flag(
    ({ state }) => state.upnp.enabled,
    ({ state }, on) => (state.upnp.enabled = on),
  ),
  "Telnet.Enable": flag(
    ({ state }) => state.services.telnet,
    ({ state }, on) => (state.services.telnet = on),
  ),
  "SSHD.Enable": flag(
    ({ state }) => state.services.ssh,
    ({ state }, on) => (state.services.ssh = on),
  ),
  "UserGlobal.OnvifLoginCheck": flag(
    ({ state }) => !state.anonymous.read && !state.anonymous.secret,
    ({ state: { anonymous } }, on) => {
      anonymous.read = !on;
      if (on) anonymous.secret = false;
    },
  ),
  "NAS[0].Enable": push("ftp"),
  "NAS[0].Address": { get: ({ state }) => state.push.ftp, set: () => undefined },
  "Email.Enable": push("smtp"),
  "Email.Address": { get: ({ state }) => state.push.smtp, set: () => undefined },
};

/** Dahua's CGI, as far as public clients of it show: `table.Name.Key=value` lines. */
export class DahuaDesk implements VendorDesk {
  readonly #core: CameraCore;

  constructor(core: CameraCore) {
    this.#core = core;
  }

  knows(method: string, url: string): boolean {
    return method === "GET" && /^\/cgi-bin\/(?:configManager|userManager|netApp|magicBox)\.cgi\?/.test(url);
  }

  isOpen(): boolean {
    return false;
  }

  refusal(): undefined {
    return undefined;
  }

  async answer({ url }: VendorRequest): Promise<VendorAnswer> {
    const { pathname, searchParams } = new URL(url, "http://camera");
    const action = searchParams.get("action") ?? "";
    switch (`${pathname.split("/").at(-1) ?? ""} ${action}`) {
      case "configManager.cgi getConfig":
        return this.#read(searchParams.get("name") ?? "");
      case "configManager.cgi setConfig":
        return await this.#write(searchParams);
      case "netApp.cgi getUPnPStatus":
        return text(`status.Working=${this.#core.state.upnp.enabled}\r\nstatus.InnerIP=${this.#core.address}\r\n`);
      case "userManager.cgi getUserInfoAll":
        return text(this.#users());
      case "userManager.cgi modifyPassword":
        return await this.#modifyPassword(searchParams);
      case "userManager.cgi deleteUser":
        return await this.#deleteUser(searchParams.get("name") ?? "");
      case "magicBox.cgi getSoftwareVersion": {
        const [version = "", day = ""] = this.#core.state.identity.firmware.split(".R.");
        const build = day.replace(/^(....)(..)(..)$/, "$1-$2-$3");
        return text(`version=${version}.R,build:${build}\r\n`);
      }
      case "magicBox.cgi getDeviceType":
        return text(`type=${this.#core.state.identity.model}\r\n`);
      case "magicBox.cgi getSerialNo":
        return text(`sn=${this.#core.state.identity.serial}\r\n`);
      default:
        return error;
    }
  }

  #read(name: string): VendorAnswer {
    const lines = Object.entries(settings)
      .filter(([key]) => key.startsWith(`${name}.`) || key.startsWith(`${name}[`))
      .map(([key, { get }]) => `table.${key}=${get(this.#core)}\r\n`);
    return name === "" || lines.length === 0 ? error : text(lines.join(""));
  }

  async #write(given: URLSearchParams): Promise<VendorAnswer> {
    const wanted = Array.from(given).filter(([key]) => key !== "action");
    if (wanted.length === 0 || wanted.some(([key]) => !Object.hasOwn(settings, key))) return error;
    await this.#core.change("configManager.cgi", () => {
      for (const [key, value] of wanted) settings[key]?.set(this.#core, value);
    });
    return ok;
  }

  #users(): string {
    return this.#core.state.accounts.web
      .map(({ username, level }, at) => {
        const group = level === "Administrator" ? "admin" : "user";
        return `users[${at}].Name=${username}\r\nusers[${at}].Group=${group}\r\nusers[${at}].Id=${at + 1}\r\n`;
      })
      .join("");
  }

  async #modifyPassword(given: URLSearchParams): Promise<VendorAnswer> {
    const [name, next, old] = [given.get("name") ?? "", given.get("pwd") ?? "", given.get("pwdOld")];
    const account = this.#core.accounts.find("web", name);
    const { shortest, longest } = this.#core.face.password;
    if (account === undefined || account.password !== old || next.length < shortest || next.length > longest)
      return error;
    await this.#core.change("userManager.cgi", () => (account.password = next));
    return ok;
  }

  async #deleteUser(name: string): Promise<VendorAnswer> {
    const { web } = this.#core.state.accounts;
    const at = web.findIndex(({ username }) => username === name);
    if (at < 0 || name === this.#core.face.administrator) return error;
    await this.#core.change("userManager.cgi", () => void web.splice(at, 1));
    return ok;
  }
}
