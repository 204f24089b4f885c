import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

import { compileCache } from "./compile-cache.ts";
import type { Login, Mended } from "./mend-command.ts";
import type { Command } from "./network-namespace.ts";

const mendCommand = new URL("./mend-command.ts", import.meta.url).pathname;

/** Of onvif-util, until it has found a camera: half a minute, because a busy box has some answers come later than it listens. */
const mostLooks = 60;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** And what it complained of. */
  readonly output: string;
}

/** A version of TLS, as openssl names it. */
export type TlsOffer = "tls1" | "tls1_1" | "tls1_2" | "tls1_3";

/**
 * Programs that know nothing of Gatehouse, started in a network to look at a camera there: onvif-util, ffprobe, curl, openssl; and, in the
 * same place, a gateway that does something about the camera.
 */
export class Judges {
  readonly #within: Command;

  constructor(within: Command) {
    this.#within = within;
  }

  async run(command: readonly string[], input = ""): Promise<Ran> {
    const [first, ...args] = [...this.#within, ...command] as [string, ...string[]];
    const env = { PATH: process.env["PATH"], ...compileCache };
    const child = spawn(first, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    // It may end before it has read everything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const code = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout: out, output: out + error };
  }

  /** What onvif-util says when it logs in there, or does not, and to these commands. */
  async onvifUtil(address: string, login: Login | undefined, ...commands: readonly string[]): Promise<string> {
    const who = login === undefined ? [] : ["-u", login.username, "-p", login.password];
    for (let look = 1; ; look += 1) {
      const { output } = await this.run(["onvif-util", ...who, address], [...commands, "quit", ""].join("\n"));
      // It listens for half a second for the camera, and has asked it nothing where the answer came later.
      if (output.includes("found host") || look === mostLooks) return output;
    }
  }

  /** Whether a camera answers to a call by multicast, within so many looks of half a second. */
  async finds(address: string, looks = mostLooks): Promise<boolean> {
    for (let look = 1; look <= looks; look += 1) {
      if ((await this.run(["onvif-util", "-a"])).output.includes(address)) return true;
    }
    return false;
  }

  /** The codec of a picture that came, or what ffprobe complains of. */
  async probe(address: string, login?: Login): Promise<string> {
    const url = new URL(address);
    if (login !== undefined) Object.assign(url, { username: login.username, password: login.password });
    // Left alone, it watches for seconds how many pictures come in one.
    const quick = ["-fpsprobesize", "0", "-analyzeduration", "100000", "-read_intervals", "%+#1"];
    const wanted = ["-select_streams", "v:0", "-show_entries", "packet=codec_type:stream=codec_name"];
    const how = ["-v", "error", "-rtsp_transport", "tcp", ...quick, ...wanted, "-of", "csv=p=0"];
    const { code, stdout, output } = await this.run(["ffprobe", ...how, url.href]);
    const [, codec] = /^video,?\s+(\w+)\s*$/.exec(stdout) ?? [];
    return code === 0 && codec !== undefined ? codec : output.trim();
  }

  /** The status of a page; 000 where nothing comes. @param more of curl's options */
  async status(url: string, ...more: readonly string[]): Promise<string> {
    const told = ["-s", "-k", "-o", "/dev/null", "-w", "%{http_code} ", ...more];
    return (await this.run(["curl", ...told, url])).stdout.trim();
  }

  /** What a camera answers to words of ONVIF's device service that nothing of Gatehouse wrote. Without a login, nobody asks. */
  async soap(url: string, body: string, login?: Login): Promise<string> {
    const envelope = `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ${namespaces}><s:Body>${body}</s:Body></s:Envelope>`;
    const who = login === undefined ? [] : ["--anyauth", "-u", `${login.username}:${login.password}`];
    const type = "Content-Type: application/soap+xml; charset=utf-8";
    return (await this.run(["curl", "-s", "-k", ...who, "-H", type, "--data-binary", "@-", url], envelope)).stdout;
  }

  /** Whether somebody who knows that version alone is spoken to. */
  async speaks(place: string, version: TlsOffer): Promise<boolean> {
    // Old versions are at OpenSSL's lowest level of security alone.
    const offer = [`-${version}`, ...(version === "tls1_3" ? [] : ["-cipher", "ALL@SECLEVEL=0"])];
    return (await this.run(["openssl", "s_client", "-connect", place, "-brief", ...offer], "Q\n")).code === 0;
  }

  /** SHA-256 of the key that a TLS server shows (its SubjectPublicKeyInfo), base64url, by openssl alone; empty where there is none. */
  async keyAt(place: string): Promise<string> {
    const script = `openssl s_client -connect ${place} </dev/null 2>/dev/null | openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | openssl base64 -A`;
    const { code, stdout } = await this.run(["bash", "-o", "pipefail", "-c", script]);
    if (code !== 0) return "";
    return stdout.trim().replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  /** Has a gateway do these things about its camera, and take others back: `undo:tls-on`. */
  async mend(data: string, ...words: readonly string[]): Promise<Mended> {
    const node = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning"];
    const { code, stdout, output } = await this.run([...node, mendCommand, data, ...words]);
    if (code !== 0) throw new Error(output);
    return JSON.parse(stdout) as Mended;
  }
}

const namespaces = `xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"`;

/** How each thing went, without its own words. */
export const outcomes = ({ runs }: Mended): readonly (readonly [string, string])[] =>
  runs.map(({ remedy, state }) => [remedy, state]);
