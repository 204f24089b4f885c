import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../support/repository.ts";
import { startMediaHost } from "../media-host/host.ts";
import { WebRtcOutput } from "../outputs/webrtc/output.ts";
import type { Rival, RivalViewers } from "./rival.ts";

export const weriftVersion = (): string => {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/werift/package.json"), "utf8")) as {
    readonly version: string;
  };
  return version;
};

/** The same gateway with WebRTC made of werift instead. */
export const weriftWebRtc: Rival = {
  name: "werift",
  version: async () => weriftVersion(),
  missing: () => undefined,
  serve: async (camera, viewers): Promise<RivalViewers> => {
    await using opening = new AsyncDisposableStack();
    const host = opening.use(await startMediaHost());
    await host.call("useCameras", [camera]);
    await host.call("hold", 1);
    const output = opening.use(await WebRtcOutput.open("werift"));
    for (let viewer = 0; viewer < viewers; viewer += 1) opening.use(await output.join(host, 0));
    const opened = opening.move();
    return {
      pids: [host.pid],
      check: async () => {
        if ((await host.call("viewers")) < viewers) throw new Error("werift has left a viewer");
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
};
