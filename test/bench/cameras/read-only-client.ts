import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { answerChallenge } from "../../simulator/rtsp-probe.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";

/** The least that a client of a camera does: it reads the connection and finds its packets, and no more. */
export class ReadOnlyClient implements Disposable {
  packets = 0;
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async play({ rtspUrl: uri, username, password }: FarmCamera): Promise<ReadOnlyClient> {
    const socket = connect(Number(new URL(uri).port), "127.0.0.1");
    const ask = async (method: string, url: string, ...headers: string[]): Promise<string> => {
      socket.write([`${method} ${url} RTSP/1.0`, "CSeq: 1", ...headers, "", ""].join("\r\n"));
      const [answer] = (await once(socket, "data")) as [Buffer];
      return answer.toString("latin1");
    };
    const challenge = /WWW-Authenticate: (.*)\r/.exec(await ask("DESCRIBE", uri))?.[1] ?? "";
    let count = 0;
    const login = (method: string, url: string): string => {
      const nc = String((count += 1)).padStart(8, "0");
      return `Authorization: ${answerChallenge(challenge, { username, password, method, uri: url, nc })}`;
    };
    const track = `${uri}/trackID=0`;
    const transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";
    const setup = await ask("SETUP", track, transport, login("SETUP", track));
    const session = /Session: ([^;\r]+)/.exec(setup)?.[1] ?? "";
    const played = await ask("PLAY", uri, `Session: ${session}`, login("PLAY", uri));
    if (!played.startsWith("RTSP/1.0 200")) throw new Error(`the camera answered ${played.slice(0, 40)}`);
    const client = new ReadOnlyClient(socket);
    socket.on("data", (chunk: Buffer) => client.#split(chunk));
    return client;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** RFC 2326 10.12: a dollar sign, a channel, a length, and so many bytes. */
  #split(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      if (end > bytes.length) break;
      this.packets += 1;
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}
