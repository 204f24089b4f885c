import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { getNetworkInterfaces } from "../../protocols/onvif/management/network-interfaces.ts";
import { getStreamUri } from "../../protocols/onvif/media-uris.ts";
import { getProfiles } from "../../protocols/onvif/media.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { FoundStream } from "../probe/find-streams.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { askOnvif } from "../questions/ask-onvif.ts";

interface Question {
  readonly what: string;
  /** How many facts were given away; an empty answer is none. */
  readonly ask: (onvif: OnvifCaller, cancel: Cancellable) => Promise<number>;
}

/** Of access class READ_SYSTEM and READ_MEDIA, so not for everybody (ONVIF Core 5.9.4.3). */
const questionsFor = ({ streams }: ProbedCamera): readonly Question[] => [
  {
    what: "GetDeviceInformation",
    ask: async (onvif, cancel) =>
      Object.values(await getDeviceInformation(onvif, cancel)).filter((text) => text !== "").length,
  },
  { what: "GetNetworkInterfaces", ask: async (onvif, cancel) => (await getNetworkInterfaces(onvif, cancel)).length },
  {
    what: "GetProfiles",
    ask: async (onvif, cancel) => (await getProfiles(onvif, onvif.has("media") ? "media" : "media2", cancel)).length,
  },
  // A camera may guard the list and not the addresses; which profiles it has is known from what the gateway was told.
  ...streams.flatMap(({ profile }) => (profile === undefined ? [] : [streamUri(profile)])).slice(0, 1),
];

const streamUri = (profile: NonNullable<FoundStream["profile"]>): Question => ({
  what: "GetStreamUri",
  ask: async (onvif, cancel) => {
    try {
      await getStreamUri(onvif, profile, cancel);
    } catch (error) {
      // An address at another host was given away as well.
      if (!isGatehouseError(error) || error.code !== "camera-foreign-host") throw error;
    }
    return 1;
  },
});

export const onvifAnonRead: CameraCheck = {
  id: "ONVIF-ANON-READ",
  scope: "camera",
  severity: "high",
  title: "It answers questions of people who did not log in",
  why: [
    "Everybody in your network can ask the camera what it is, where its pictures are and how it is connected.",
    "That is what somebody needs to know to choose the fault to break in by.",
  ],
  provision: "5.5-4, 5.6-2",
  ncsc: null,
  parents: ["ONVIF-ANON-SECRET"],
  remedies: [{ remedy: "onvif-login", plane: "vendor" }],
  guide: (camera) => guideFor("ONVIF-ANON-READ", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("It is not asked by ONVIF.");
    const questions = questionsFor(camera);
    const answered: string[] = [];
    const unanswered: string[] = [];
    for (const { what, ask } of questions) {
      const reply = await askOnvif(camera, { as: "nobody", what: `${what}, facts`, ask }, cancel);
      if (reply.kind === "answer" && reply.value > 0) answered.push(what);
      if (reply.kind === "fault") unanswered.push(reply.why);
    }
    if (answered.length > 0) return failed(`Answered without a login: ${answered.join(", ")}.`);
    return unanswered.length === questions.length ? unknown(unanswered.join("; ")) : passed("It asks for a login.");
  },
};
