import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { notApplicable, unknown, type HomeOutcome, type Outcome } from "../check.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { ProbedHome, WirelessLink } from "../probe/probed-home.ts";
import { wirelessOf, type CameraWireless } from "../questions/ask-wireless.ts";
import { notAnswered } from "../questions/not-answered.ts";

/** How one network is judged, as a camera tells of it and as this box does. */
export interface WirelessJudge {
  readonly camera: (network: CameraWireless) => Outcome;
  readonly box: (link: WirelessLink) => Outcome;
}

/** One outcome for each camera, and one of this box for the home. Cameras are asked beside each other; one that fails hides no other. */
export const wirelessOutcomes = async (
  home: ProbedHome,
  judge: WirelessJudge,
  cancel: Cancellable,
): Promise<readonly HomeOutcome[]> => {
  const cameras = home.cameras.map(async (camera) => ({
    ...(await ofCamera(camera, judge, cancel)),
    camera: camera.id,
  }));
  const links = await home.wireless(cancel);
  const box = links.length === 0 ? notApplicable("This box is in no Wi-Fi network.") : worst(links.map(judge.box));
  return [{ ...box, camera: null }, ...(await Promise.all(cameras))];
};

const ofCamera = async (camera: ProbedCamera, judge: WirelessJudge, cancel: Cancellable): Promise<Outcome> => {
  try {
    const reply = await wirelessOf(camera, cancel);
    if (reply.kind !== "answer") return notAnswered(reply, "The camera does not tell whether it has Wi-Fi.");
    if (reply.value.length === 0) return notApplicable("The camera has no Wi-Fi, or it is off.");
    return worst(reply.value.map(judge.camera));
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (isGatehouseError(error)) return unknown(error.message);
    throw error;
  }
};

/** The one that says most: a weakness before what is not known, and that before what is well. */
const worst = (outcomes: readonly Outcome[]): Outcome => {
  const [first] = (["failed", "unknown", "passed", "not-applicable"] as const).flatMap((kind) =>
    outcomes.filter((outcome) => outcome.kind === kind),
  );
  return first ?? notApplicable("There is no network to look at.");
};
