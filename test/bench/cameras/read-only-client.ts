import type { FarmCamera } from "../camera-farm/farm.ts";
import { RtspPlayer } from "../rtsp-player.ts";

/** The least that a client of a camera does: it reads the connection and finds its packets, and no more. */
export class ReadOnlyClient implements Disposable {
  packets = 0;
  readonly #player: RtspPlayer;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(player: RtspPlayer) {
    this.#player = player;
  }

  static async play(camera: FarmCamera): Promise<ReadOnlyClient> {
    const client = new ReadOnlyClient(await RtspPlayer.play(camera));
    client.#player.socket.on("data", (chunk: Buffer) => client.#split(chunk)).resume();
    return client;
  }

  [Symbol.dispose](): void {
    this.#player[Symbol.dispose]();
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
