import { AccessUnitAssembler, parseRtp, type AccessUnit } from "../../support/access-unit.ts";
import { FrameSplitter } from "../outputs/rtsp/frame-splitter.ts";
import { RtspPlayer } from "../rtsp-player.ts";
import type { ApplicationView } from "./application-house.ts";
import { measureJoin, type Join, type Pictures, type Viewing } from "./join.ts";

/** A player that reads over RTSPS, connecting anew each time. */
export class RtspViewing implements Viewing {
  readonly #view: ApplicationView;
  readonly #rtspUrl: string;

  constructor(view: ApplicationView) {
    const main = view.login.rtsp.find(({ tier }) => tier === "main");
    if (main === undefined) throw new Error("the camera has no RTSP address");
    this.#view = view;
    this.#rtspUrl = main.url;
  }

  join(): Promise<Join> {
    return measureJoin(this.#view.farmCamera.id, () => this.#open());
  }

  async #open(): Promise<Pictures> {
    const { connect, login } = this.#view;
    const { hostname, port } = new URL(this.#rtspUrl);
    const socket = await connect(hostname, Number(port));
    const { username, password } = login;
    const player = await RtspPlayer.play({ rtspUrl: this.#rtspUrl, username, password, socket });
    const units: AccessUnit[] = [];
    const assembler = new AccessUnitAssembler();
    const splitter = new FrameSplitter((channel, packet) => {
      const unit = channel === 0 ? assembler.add(parseRtp(packet), performance.now()) : undefined;
      if (unit !== undefined) units.push(unit);
    });
    player.socket.on("data", (chunk: Buffer) => splitter.push(chunk)).resume();
    return {
      units,
      [Symbol.asyncDispose]: async () => player[Symbol.dispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Each join closes its own connection.
  }
}
