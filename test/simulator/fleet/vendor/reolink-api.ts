import { randomBytes } from "node:crypto";

import type { CameraCore } from "../camera-core.ts";
import type { VendorAnswer, VendorDesk, VendorRequest } from "./vendor-desk.ts";

type Json = Readonly<Record<string, unknown>>;

interface Command {
  readonly cmd: string;
  readonly param: Json;
}

const failed = (cmd: string, rspCode: number, detail: string): Json => ({ cmd, code: 1, error: { detail, rspCode } });
const value = (cmd: string, given: Json): Json => ({ cmd, code: 0, value: given });
const set = (cmd: string): Json => value(cmd, { rspCode: 200 });

const part = (given: Json, name: string): Json => {
  const found = given[name];
  return typeof found === "object" && found !== null ? (found as Json) : {};
};
const isOn = (given: Json): boolean => given["enable"] === 1;
const bit = (on: boolean): number => (on ? 1 : 0);

interface Switch {
  readonly name: string;
  readonly get: (core: CameraCore) => Json;
  readonly set: (core: CameraCore, given: Json) => void;
}

const switches: readonly Switch[] = [
  {
    name: "P2p",
    get: ({ state }) => ({ enable: bit(state.p2p), uid: "95270000ABCDEFGH" }),
    set: ({ state }, given) => (state.p2p = isOn(given)),
  },
  {
    name: "Upnp",
    get: ({ state }) => ({ enable: bit(state.upnp.enabled) }),
    set: ({ state }, given) => (state.upnp.enabled = isOn(given)),
  },
  {
    name: "Ftp",
    get: ({ state }) => ({ server: state.push.ftp, port: 21, enable: bit(state.push.ftp !== "") }),
    set: ({ state }, given) => (state.push.ftp = isOn(given) ? state.push.ftp : ""),
  },
  {
    name: "Email",
    get: ({ state }) => ({ smtpServer: state.push.smtp, enable: bit(state.push.smtp !== "") }),
    set: ({ state }, given) => (state.push.smtp = isOn(given) ? state.push.smtp : ""),
  },
  {
    name: "AutoUpgrade",
    get: ({ state }) => ({ enable: bit(state.autoUpdate) }),
    set: ({ state }, given) => (state.autoUpdate = isOn(given)),
  },
  {
    name: "NetPort",
    get: ({ state: { protocols } }) => ({
      httpEnable: bit(protocols.HTTP.enabled),
      httpPort: 80,
      httpsEnable: bit(protocols.HTTPS.enabled),
      httpsPort: 443,
      onvifEnable: bit(protocols.HTTP.enabled),
      onvifPort: 8_000,
      rtspEnable: bit(protocols.RTSP.enabled),
      rtspPort: 554,
      mediaPort: 9_000,
    }),
    set: ({ state: { protocols } }, given) => {
      if ("httpsEnable" in given) protocols.HTTPS.enabled = given["httpsEnable"] === 1;
      if ("httpEnable" in given) protocols.HTTP.enabled = given["httpEnable"] === 1;
      if ("rtspEnable" in given) protocols.RTSP.enabled = given["rtspEnable"] === 1;
    },
  },
];

/** Reolink's JSON: a login gives a token, which goes with each command (their HTTP API, version 8). */
export class ReolinkDesk implements VendorDesk {
  readonly #core: CameraCore;
  readonly #tokens = new Map<string, string>();

  constructor(core: CameraCore) {
    this.#core = core;
  }

  knows(method: string, url: string): boolean {
    return method === "POST" && /^\/(?:cgi-bin\/)?api\.cgi\b/.test(url);
  }

  /** It has a login of its own. */
  isOpen(): boolean {
    return true;
  }

  refusal(): undefined {
    return undefined;
  }

  async answer({ url, body }: VendorRequest): Promise<VendorAnswer> {
    const token = new URL(url, "http://camera").searchParams.get("token") ?? "";
    const answers: Json[] = [];
    for (const command of commandsOf(body)) answers.push(await this.#run(command, token));
    return { status: 200, type: "text/html", body: JSON.stringify(answers) };
  }

  async #run({ cmd, param }: Command, token: string): Promise<Json> {
    if (cmd === "Login") return this.#login(part(param, "User"));
    const username = this.#tokens.get(token);
    const account = username === undefined ? undefined : this.#core.accounts.find("web", username);
    if (account === undefined) return failed(cmd, -6, "please login first");
    if (cmd === "Logout") {
      this.#tokens.delete(token);
      return set(cmd);
    }
    if (cmd === "GetDevInfo") return this.#deviceInfo();
    if (cmd === "GetUser") return this.#users();
    if (account.level !== "Administrator") return failed(cmd, -26, "ability error");
    if (cmd === "ModifyUser") return await this.#modifyUser(part(param, "User"));
    if (cmd === "DelUser") return await this.#deleteUser(part(param, "User"));
    return await this.#setting(cmd, param);
  }

  #login({ userName, password }: Json): Json {
    const { accounts, state } = this.#core;
    if (!state.initialised) return failed("Login", -505, "not initialized");
    const [username, given] = [String(userName), String(password)];
    if (accounts.lockedFor("web", username) > 0) {
      accounts.refusedWhileLocked += 1;
      return failed("Login", -5, "max try count, user is locked");
    }
    if (accounts.find("web", username)?.password !== given) {
      accounts.fail("web", "http", username);
      return failed("Login", -7, "login failed");
    }
    accounts.right("web", username);
    const name = randomBytes(7).toString("hex");
    this.#tokens.set(name, username);
    return value("Login", { Token: { leaseTime: 3_600, name } });
  }

  #deviceInfo(): Json {
    const { model, firmware, serial, hardware } = this.#core.state.identity;
    return value("GetDevInfo", { DevInfo: { model, firmVer: firmware, serial, hardVer: hardware, type: "IPC" } });
  }

  #users(): Json {
    const User = this.#core.state.accounts.web.map(({ username, level }) => ({
      userName: username,
      level: level === "Administrator" ? "admin" : "guest",
    }));
    return value("GetUser", { User });
  }

  async #modifyUser(given: Json): Promise<Json> {
    const account = this.#core.accounts.find("web", String(given["userName"]));
    const next = given["newPassword"];
    const { longest } = this.#core.face.password;
    if (account === undefined || typeof next !== "string" || next === "" || next.length > longest) {
      return failed("ModifyUser", -4, "param error");
    }
    if (given["oldPassword"] !== account.password) return failed("ModifyUser", -27, "password error");
    await this.#core.change("ModifyUser", () => (account.password = next));
    return set("ModifyUser");
  }

  async #deleteUser(given: Json): Promise<Json> {
    const { web } = this.#core.state.accounts;
    const at = web.findIndex(({ username }) => username === given["userName"]);
    if (at < 0 || given["userName"] === this.#core.face.administrator) return failed("DelUser", -4, "param error");
    await this.#core.change("DelUser", () => void web.splice(at, 1));
    return set("DelUser");
  }

  async #setting(cmd: string, param: Json): Promise<Json> {
    const found = switches.find(({ name }) => cmd === `Get${name}` || cmd === `Set${name}`);
    if (found === undefined) return failed(cmd, -9, "not support");
    if (cmd.startsWith("Get")) return value(cmd, { [found.name]: found.get(this.#core) });
    await this.#core.change(cmd, () => found.set(this.#core, part(param, found.name)));
    return set(cmd);
  }
}

const commandsOf = (body: string): Command[] => {
  try {
    const parsed: unknown = JSON.parse(body);
    return (Array.isArray(parsed) ? (parsed as Json[]) : [])
      .slice(0, 16)
      .map((one) => ({ cmd: String(one["cmd"]), param: part(one, "param") }));
  } catch {
    return [];
  }
};
