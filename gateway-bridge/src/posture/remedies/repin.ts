import { z } from "zod";

import { getDeviceInformation } from "../../protocols/onvif/management/firmware.ts";
import type { Remedy } from "../remedy.ts";
import { inWords, shownAt, tlsPortOf } from "./shown-key.ts";

const Was = z.strictObject({ url: z.string(), pin: z.string().nullable(), shown: z.string() });

/**
 * Has the gateway trust the key that a camera shows now, after its owner compared it. Nothing is sent to the camera before that: whoever
 * pretends to be it would hear a login. What was confirmed is that very key: with another one shown meanwhile, nothing is changed.
 */
export const repin: Remedy = {
  id: "repin",
  plane: "gateway",
  proven: false,

  async preview(camera, cancel) {
    const port = tlsPortOf(camera.device);
    if (port === undefined) return { unfit: "Gatehouse does not speak TLS to this camera." };
    const shown = await shownAt(camera, port, cancel);
    if (shown === undefined) return { unfit: `Nothing speaks TLS at port ${port} now.` };
    if (shown.pin === camera.pin) return { unfit: "The camera shows the key that Gatehouse goes by." };
    return {
      steps: [
        `Compare the key that the camera's page shows in your browser with ${inWords(shown.pin)}; go on only if they are the same`,
        "Go by that key from then on, and log in to the camera over it",
      ],
      stops: [`The key from before, ${camera.pin === null ? "none" : inWords(camera.pin)}, is trusted no longer`],
      undoable: true,
    };
  },

  async remember(camera, _tools, cancel) {
    const shown = await shownAt(camera, tlsPortOf(camera.device) ?? 0, cancel);
    return Was.parse({ url: camera.device.href, pin: camera.pin, shown: shown?.pin ?? "" });
  },

  async apply(camera, before, tools) {
    const { url, shown } = Was.parse(before);
    if (camera.pin !== shown) await tools.camera.relocate(camera.id, { url: new URL(url), pin: shown });
  },

  async verify(camera, before, _tools, cancel) {
    const { shown } = Was.parse(before);
    const now = await shownAt(camera, tlsPortOf(camera.device) ?? 0, cancel);
    if (now?.pin !== shown) return { kind: "not-fixed", why: "The camera shows yet another key by now." };
    const evidence = [`The camera shows ${inWords(shown)}, which is what Gatehouse goes by now.`];
    if (camera.kind !== "onvif") return { kind: "fixed", evidence };
    const { model, serial } = await getDeviceInformation(await camera.onvif.as({ kind: "gateway" }, cancel), cancel);
    return {
      kind: "fixed",
      evidence: [...evidence, `It took the gateway's login, and says that it is ${model} ${serial}.`],
    };
  },

  async undo(camera, before, tools) {
    const { url, pin } = Was.parse(before);
    await tools.camera.relocate(camera.id, { url: new URL(url), pin });
  },
};
