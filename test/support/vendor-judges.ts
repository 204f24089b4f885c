import { createHash, randomBytes } from "node:crypto";

import type { FleetFacts } from "../simulator/fleet/fleet-camera.ts";
import type { Judges } from "./judges.ts";

/**
 * What curl, nc, ffprobe and onvif-util see of a camera in its maker's own words, which are written here anew from makers' and clients'
 * descriptions. Nothing of the gateway is used.
 */
export class VendorJudges {
  readonly #judges: Judges;

  constructor(judges: Judges) {
    this.#judges = judges;
  }

  /** A page of the camera's, by curl, with the login of its administrator. */
  async page({ onvifUrl, administrator }: FleetFacts, path: string): Promise<string> {
    const { username, password } = administrator;
    const login = ["--digest", "-u", `${username}:${password}`];
    return (await this.#judges.run(["curl", "-s", "-k", "-g", ...login, new URL(path, onvifUrl).href])).stdout;
  }

  /** One of Reolink's commands, after a login that gives a token. */
  async reolink({ address, administrator }: FleetFacts, command: string): Promise<string> {
    const { username, password } = administrator;
    const say = async (cmd: string, param: object, token = ""): Promise<string> => {
      const url = `https://${address}/cgi-bin/api.cgi?cmd=${cmd}&token=${token}`;
      const body = JSON.stringify([{ cmd, action: 0, param }]);
      return (await this.#judges.run(["curl", "-s", "-k", "--data-binary", "@-", url], body)).stdout;
    };
    const login = await say("Login", { User: { Version: "0", userName: username, password } });
    const [, token = ""] = /"name":"(\w+)"/.exec(login) ?? [];
    return await say(command, { channel: 0 }, token);
  }

  /** What a port says by itself, or that nobody answers there: by nc. */
  async banner({ address }: FleetFacts, port: number): Promise<string> {
    return (await this.#judges.run(["nc.openbsd", "-v", "-N", "-w", "10", address, String(port)])).output;
  }

  /** What comes back to a search of UPnP: by nc, which ends at once where there is nobody, or when it was answered. */
  async search({ address }: FleetFacts): Promise<string> {
    const lines = [
      "M-SEARCH * HTTP/1.1",
      "HOST: 239.255.255.250:1900",
      'MAN: "ssdp:discover"',
      "MX: 1",
      "ST: ssdp:all",
    ];
    const message = `${lines.join("\r\n")}\r\n\r\n`;
    const { stdout } = await this.#judges.run(["nc.openbsd", "-u", "-W", "1", "-w", "10", address, "1900"], message);
    return stdout === "" ? "silent" : stdout;
  }

  /** The logins that a stream asks for: by nc. */
  async challenges({ address, rtspUrl }: FleetFacts): Promise<string> {
    const { pathname, search } = new URL(rtspUrl);
    const question = `DESCRIBE rtsp://${address}${pathname}${search} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`;
    const { stdout } = await this.#judges.run(["nc.openbsd", "-w", "10", "-W", "1", address, "554"], question);
    return stdout;
  }

  /** What a player gets that logs in, or does not: the codec, or ffprobe's complaint. */
  async watch({ address, administrator }: FleetFacts, path: string, as: "nobody" | "owner"): Promise<string> {
    return await this.#judges.probe(`rtsp://${address}${path}`, as === "owner" ? administrator : undefined);
  }

  /** What onvif-util is told that logs in, or does not. */
  async onvif({ address, administrator }: FleetFacts, as: "nobody" | "owner"): Promise<string> {
    return await this.#judges.onvifUtil(address, as === "owner" ? administrator : undefined);
  }

  /** Status and kind of what whoever has no login gets at a page: by curl. */
  async openPage({ onvifUrl }: FleetFacts, path: string): Promise<string> {
    const told = ["-s", "-k", "-g", "-o", "/dev/null", "-w", "%{http_code} %{content_type}"];
    return (await this.#judges.run(["curl", ...told, new URL(path, onvifUrl).href])).stdout;
  }

  /** The statuses by which one and the same request is answered, sent twice by curl, as somebody does who overheard it. */
  async replayed({ onvifUrl, administrator }: FleetFacts): Promise<string> {
    const request = overheard(administrator);
    const say = async (): Promise<string> => {
      const told = ["-s", "-k", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/soap+xml"];
      return (await this.#judges.run(["curl", ...told, "--data-binary", "@-", onvifUrl], request)).stdout;
    };
    return `${await say()} ${await say()}`;
  }
}

/** A question with a UsernameToken of WS-Security (Username Token Profile 1.1, 3.1), as a client of ONVIF would have sent it just now. */
const overheard = ({ username, password }: FleetFacts["administrator"]): string => {
  const nonce = randomBytes(16);
  const created = new Date().toISOString();
  const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
  const wss = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>
<w:Security xmlns:w="${wss}-wssecurity-secext-1.0.xsd" xmlns:u="${wss}-wssecurity-utility-1.0.xsd"><w:UsernameToken>
<w:Username>${username}</w:Username>
<w:Password Type="${wss}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>
<w:Nonce EncodingType="${wss}-soap-message-security-1.0#Base64Binary">${nonce.toString("base64")}</w:Nonce>
<u:Created>${created}</u:Created></w:UsernameToken></w:Security></s:Header>
<s:Body><GetUsers xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>`;
};
