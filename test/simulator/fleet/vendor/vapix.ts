import type { CameraCore } from "../camera-core.ts";
import type { VendorAnswer, VendorDesk, VendorRequest } from "./vendor-desk.ts";

const text = (body: string): VendorAnswer => ({ status: 200, type: "text/plain", body });

interface Parameter {
  readonly get: (core: CameraCore) => string;
  /** Undefined for what cannot be written. */
  readonly set?: (core: CameraCore, value: string) => void;
}

const yesNo = (get: (core: CameraCore) => boolean, set: (core: CameraCore, on: boolean) => void): Parameter => ({
  get: (core) => (get(core) ? "yes" : "no"),
  set: (core, value) => set(core, value === "yes"),
});

const parameters: Readonly<Record<string, Parameter>> = {
  "Brand.ProdNbr": { get: ({ state }) => state.identity.model },
  "Properties.Firmware.Version": { get: ({ state }) => state.identity.firmware },
  "Properties.Firmware.BuildDate": { get: ({ state }) => buildDate(state.identity.builtOn) },
  "Properties.System.SerialNumber": { get: ({ state }) => state.identity.serial },
  "RemoteService.Enabled": yesNo(
    ({ state }) => state.p2p,
    ({ state }, on) => (state.p2p = on),
  ),
  "Network.UPnP.Enabled": yesNo(
    ({ state }) => state.upnp.enabled,
    ({ state }, on) => (state.upnp.enabled = on),
  ),
  "Network.UPnP.NATTraversal.Enabled": yesNo(
    () => false,
    () => undefined,
  ),
  "Network.SSH.Enabled": yesNo(
    ({ state }) => state.services.ssh,
    ({ state }, on) => (state.services.ssh = on),
  ),
  "Network.FTP.Enabled": yesNo(
    ({ state }) => state.services.ftp,
    ({ state }, on) => (state.services.ftp = on),
  ),
  "Network.RTSPS.Enabled": yesNo(
    ({ state }) => state.rtsps.enabled,
    ({ state }, on) => (state.rtsps.enabled = on),
  ),
  "Network.RTSP.ProtViewer": {
    get: ({ state }) => (state.anonymous.rtsp === "none" ? "password" : "anonymous"),
    set: ({ state }, value) => (state.anonymous.rtsp = value === "password" ? "none" : "all"),
  },
  "WebService.DiscoveryMode.Discoverable": yesNo(
    ({ state }) => state.discovery.mode === "Discoverable",
    ({ state }, on) => (state.discovery.mode = on ? "Discoverable" : "NonDiscoverable"),
  ),
  "WebService.UsernameToken.ReplayAttackProtection": yesNo(
    ({ state }) => state.replayProtection,
    ({ state }, on) => (state.replayProtection = on),
  ),
};

/** `May 27 2024 10:17` */
const buildDate = (day: string): string => {
  const [, month = "", date = "", year = ""] =
    /^\w+, (\w+) (\d+), (\d+)$/.exec(
      new Date(day).toLocaleDateString("en-US", {
        weekday: "short",
        month: "short",
        day: "2-digit",
        year: "numeric",
        timeZone: "UTC",
      }),
    ) ?? [];
  return `${month} ${date} ${year} 10:17`;
};

/** Axis' VAPIX: parameters by name, and users (vapix param.cgi and pwdgrp.cgi). */
export class VapixDesk implements VendorDesk {
  readonly #core: CameraCore;

  constructor(core: CameraCore) {
    this.#core = core;
  }

  knows(_method: string, url: string): boolean {
    return /^\/axis-cgi\/(?:param|pwdgrp)\.cgi\b/.test(url);
  }

  isOpen(): boolean {
    return false;
  }

  refusal(): undefined {
    return undefined;
  }

  async answer({ method, url, body }: VendorRequest): Promise<VendorAnswer> {
    const { pathname, searchParams } = new URL(url, "http://camera");
    const given = new URLSearchParams(method === "POST" && body !== "" ? body : searchParams);
    const action = given.get("action");
    if (pathname.endsWith("pwdgrp.cgi")) return await this.#users(given);
    if (action === "list") return this.#list(given.get("group") ?? "");
    return action === "update" ? await this.#update(given) : text("# Error: No action\n");
  }

  #list(group: string): VendorAnswer {
    const groups = group.split(",").map((name) => name.replace(/^root\./, ""));
    const lines = Object.entries(parameters)
      .filter(([key]) => groups.some((name) => name === "" || key === name || key.startsWith(`${name}.`)))
      .map(([key, { get }]) => `root.${key}=${get(this.#core)}\n`);
    return text(lines.length > 0 ? lines.join("") : `# Error: Error -1 getting param in group '${group}'\n`);
  }

  async #update(given: URLSearchParams): Promise<VendorAnswer> {
    const wanted = Array.from(given)
      .filter(([key]) => key !== "action")
      .map(([key, value]) => [key.replace(/^root\./, ""), value] as const);
    for (const [key, value] of wanted) {
      if (!Object.hasOwn(parameters, key) || parameters[key]?.set === undefined) {
        return text(`# Error: Error setting 'root.${key}' to '${value}'!\n`);
      }
    }
    await this.#core.change("param.cgi", () => {
      for (const [key, value] of wanted) parameters[key]?.set?.(this.#core, value);
    });
    return text("OK\n");
  }

  async #users(given: URLSearchParams): Promise<VendorAnswer> {
    const { web } = this.#core.state.accounts;
    const name = given.get("user") ?? "";
    const account = this.#core.accounts.find("web", name);
    switch (given.get("action") ?? "") {
      case "get":
        return text(`users="${web.map(({ username }) => username).join(",")}"\n`);
      case "update":
        if (account === undefined) break;
        await this.#core.change("pwdgrp.cgi", () => (account.password = given.get("pwd") ?? account.password));
        return text(`Modified account ${name}.\n`);
      case "remove":
        if (account === undefined || name === this.#core.face.administrator) break;
        await this.#core.change("pwdgrp.cgi", () => void web.splice(web.indexOf(account), 1));
        return text(`Removed account ${name}.\n`);
      default:
    }
    return text("Error: account does not exist.\n");
  }
}
