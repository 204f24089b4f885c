import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getSecureStreamUri } from "../../protocols/onvif/management/secure-stream.ts";
import { getProfiles } from "../../protocols/onvif/media.ts";
import { pathOf } from "../questions/ask-rtsp.ts";
import type { MendedCamera, Remedy, Unfit } from "../remedy.ts";
import { onlyOnvif } from "./setting-remedy.ts";
import { shownAt, tlsPortOf } from "./shown-key.ts";

const gateway = { kind: "gateway" } as const;

/** Has the gateway fetch a camera's pictures within TLS, by the key that it goes by already. The camera itself is not changed. */
export const rtspsOn: Remedy = {
  id: "rtsps-on",
  plane: "onvif",
  proven: false,

  async preview(camera, cancel) {
    const stream = await secureStream(camera, cancel);
    if ("unfit" in stream) return stream;
    return {
      steps: [
        `Fetch the camera's pictures within TLS, at port ${stream.port}, by the key that Gatehouse knows`,
        "Ask for them there, and see that they would come",
      ],
      stops: ["If the camera ever stops offering them within TLS, there are none, until this is taken back"],
      undoable: true,
    };
  },

  async remember() {
    return Promise.resolve({});
  },

  async apply(camera, _before, tools) {
    await tools.camera.relocate(camera.id, { url: camera.device, pin: camera.pin, secureStreams: true });
  },

  async verify(camera, _before, _tools, cancel) {
    const clear = camera.streams.filter(({ url }) => url.protocol !== "rtsps:");
    if (camera.streams.length === 0 || clear.length > 0) {
      return { kind: "not-fixed", why: "The camera gives no address within TLS for all of its streams." };
    }
    for (const { tier, url } of camera.streams) {
      if (!(await comes(camera, url, cancel))) {
        return { kind: "not-fixed", why: `The ${tier} stream does not come within TLS.` };
      }
    }
    const tiers = camera.streams.map(({ tier }) => tier).join(", ");
    return {
      kind: "fixed",
      evidence: [`Its streams (${tiers}) are fetched within TLS, and took the gateway's login.`],
    };
  },

  async undo(camera, _before, tools) {
    await tools.camera.relocate(camera.id, { url: camera.device, pin: camera.pin, secureStreams: false });
  },
};

/** Where the first of its streams is within TLS, once it was seen that it would come. */
const secureStream = async (camera: MendedCamera, cancel: Cancellable): Promise<{ readonly port: number } | Unfit> => {
  if (camera.kind !== "onvif") return onlyOnvif;
  if (camera.device.protocol !== "https:" || camera.pin === null) {
    return { unfit: "Gatehouse itself speaks to this camera without TLS. Switch HTTPS on first." };
  }
  if (camera.streams.length > 0 && camera.streams.every(({ url }) => url.protocol === "rtsps:")) {
    return { unfit: "Gatehouse fetches this camera's pictures within TLS already." };
  }
  const url = await offered(camera, cancel);
  const port = url && tlsPortOf(url);
  if (url === undefined || port === undefined) return { unfit: "The camera offers no pictures within TLS." };
  if ((await shownAt(camera, port, cancel))?.pin !== camera.pin) {
    return { unfit: `What answers at port ${port} does not show the key that Gatehouse knows of this camera.` };
  }
  return (await comes(camera, url, cancel)) ? { port } : { unfit: "The camera does not send its pictures within TLS." };
};

const offered = async (camera: MendedCamera, cancel: Cancellable): Promise<URL | undefined> => {
  const onvif = await camera.onvif.as(gateway, cancel);
  if (!onvif.has("media2")) return undefined;
  try {
    const [profile] = await getProfiles(onvif, "media2", cancel);
    return profile && (await getSecureStreamUri(onvif, profile.token, cancel));
  } catch (error) {
    const none = ["camera-fault", "camera-answer-malformed", "camera-foreign-host", "camera-weaker-auth"];
    if (isGatehouseError(error) && none.includes(error.code)) return undefined;
    throw error;
  }
};

/** Asked for, set up and let go: nothing is played. */
const comes = async (camera: MendedCamera, url: URL, cancel: Cancellable): Promise<boolean> => {
  const at = { path: pathOf(url), port: tlsPortOf(url) ?? 322, secure: true };
  const { status, setUp } = await camera.rtsp.describe(at, gateway, cancel);
  return status === 200 && setUp;
};
