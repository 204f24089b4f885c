import { z } from "zod";

import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getDeviceCapabilities } from "../../protocols/onvif/management/capabilities.ts";
import { setHashingAlgorithms } from "../../protocols/onvif/management/password-policy.ts";
import type { Cancellable } from "@gatehouse/shared";
import type { MendedCamera, Remedy } from "../remedy.ts";
import { describeAt, digestAlgorithm, loginsOffered, mainPath, rtspDoors } from "../questions/ask-rtsp.ts";
import { onlyOnvif } from "./setting-remedy.ts";

const Was = z.strictObject({ offered: z.array(z.string()), known: z.array(z.string()) });
const wanted = "SHA-256";
const gateway = { kind: "gateway" } as const;

/**
 * Has a camera offer the better way to prove a password beside the old one. ONVIF cannot be asked what is offered, so the stream's server is.
 * Once the gateway has logged in by it, it takes nothing weaker from that camera any more; so this is not taken back, and nothing needs that.
 */
export const hashingSha256: Remedy = {
  id: "hashing-sha256",
  plane: "onvif",
  proven: false,

  async preview(camera, cancel) {
    if (camera.kind !== "onvif") return onlyOnvif;
    const { known, offered } = await look(camera, cancel);
    if (!known.includes(wanted)) return { unfit: "The camera does not know SHA-256." };
    if (offered.includes(wanted)) return { unfit: "The camera offers SHA-256 already." };
    return {
      steps: ["Have the camera offer SHA-256 beside what it offers now", "Log in by it, to ONVIF and at its stream"],
      stops: [],
      undoable: false,
    };
  },

  async remember(camera, _tools, cancel) {
    return Was.parse(await look(camera, cancel));
  },

  async apply(camera, before, _tools, cancel) {
    const { offered } = Was.parse(before);
    await setHashingAlgorithms(await camera.onvif.as(gateway, cancel), [wanted, ...former(offered)], cancel);
  },

  async verify(camera, _before, _tools, cancel) {
    const offered = await offeredBy(camera, cancel);
    if (!offered.includes(wanted))
      return { kind: "not-fixed", why: "The camera took the order, and offers SHA-256 nowhere." };
    const [door] = await rtspDoors(camera, cancel);
    const seen = door && (await describeAt(camera, { door, path: mainPath(camera), login: gateway }, cancel));
    if (seen?.status === 401)
      return { kind: "not-fixed", why: "The camera no longer takes the gateway's login at its stream." };
    return {
      kind: "fixed",
      evidence: [`Its stream's server offers ${offered.join(", ")}, and takes the gateway's login.`],
    };
  },

  async undo(camera, before, _tools, cancel) {
    const { offered } = Was.parse(before);
    await setHashingAlgorithms(await camera.onvif.as(gateway, cancel), former(offered), cancel);
  },
};

/** A camera whose stream's server told nothing offered what all of them do (RFC 2617). */
const former = (offered: readonly string[]): readonly string[] => (offered.length === 0 ? ["MD5"] : offered);

const look = async (camera: MendedCamera, cancel: Cancellable): Promise<z.input<typeof Was>> => {
  const onvif = await camera.onvif.as(gateway, cancel);
  const capabilities = await unlessUnsupported(getDeviceCapabilities(onvif, cancel));
  const known = (capabilities?.security.hashingAlgorithms ?? []).map((name) => name.toUpperCase());
  return { known, offered: [...(await offeredBy(camera, cancel))] };
};

const offeredBy = async (camera: MendedCamera, cancel: Cancellable): Promise<readonly string[]> => {
  const [door] = await rtspDoors(camera, cancel);
  if (door === undefined) return [];
  const answer = await describeAt(camera, { door, path: mainPath(camera) }, cancel);
  return loginsOffered(answer).filter(({ scheme }) => scheme === "digest").map(digestAlgorithm); // prettier-ignore
};
