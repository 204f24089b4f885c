import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { randomInt } from "node:crypto";

/** A loopback address that no other simulated camera of this machine has, until it is disposed of. */
export class OwnAddress implements AsyncDisposable {
  readonly address: string;
  /** Holds UDP port 9 (discard) there: nobody asks it anything, and no two can. */
  readonly #claim: Socket;

  private constructor(address: string, claim: Socket) {
    this.address = address;
    this.#claim = claim;
  }

  /** @param wanted `127.77.3.4`; any that is free without */
  static async claim(wanted?: string): Promise<OwnAddress> {
    for (let attempt = 1; ; attempt += 1) {
      const address = wanted ?? `127.77.${randomInt(256)}.${randomInt(1, 255)}`;
      const claim = createSocket("udp4");
      try {
        claim.bind(9, address);
        await once(claim, "listening");
        return new OwnAddress(address, claim);
      } catch (error) {
        if (wanted !== undefined || attempt === 20 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE")
          throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#claim.close();
    await once(this.#claim, "close");
  }
}
