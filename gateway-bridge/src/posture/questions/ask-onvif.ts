import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getNetworkProtocols, type NetworkProtocol } from "../../protocols/onvif/management/network.ts";
import { getUsers, type CameraUser } from "../../protocols/onvif/management/users.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";

/** What a question brought. */
export type Reply<T> =
  | { readonly kind: "answer"; readonly value: T }
  /** Not to whoever asked. */
  | { readonly kind: "refused" }
  /** The camera does not know the question, or answers it with nonsense. */
  | { readonly kind: "fault"; readonly why: string };

export interface OnvifQuestion<T> {
  /** Guesses are made by `guessLogin` alone. */
  readonly as: "nobody" | "gateway";
  /** What is asked: the same words mean the same question, which is asked once a look. */
  readonly what: string;
  readonly ask: (onvif: OnvifCaller, cancel: Cancellable) => Promise<T>;
}

/** @throws GatehouseError where the camera cannot be spoken to at all: `camera-unreachable`, `probe-refused`, ... */
export const askOnvif = <T>(camera: ProbedCamera, question: OnvifQuestion<T>, cancel: Cancellable): Promise<Reply<T>> =>
  camera.once(`onvif ${question.as} ${question.what}`, () => askOnvifAnew(camera, question, cancel));

/** The same, whatever was answered before. */
export const askOnvifAnew = async <T>(
  camera: ProbedCamera,
  { as, ask }: Omit<OnvifQuestion<T>, "what">,
  cancel: Cancellable,
): Promise<Reply<T>> => {
  try {
    const onvif = await camera.onvif.as({ kind: as }, cancel);
    return { kind: "answer", value: await ask(onvif, cancel) };
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    if (error.code === "camera-credentials") return { kind: "refused" };
    if (error.code !== "camera-fault" && error.code !== "camera-answer-malformed") throw error;
    return { kind: "fault", why: error.message };
  }
};

/** The camera's accounts, as the gateway may see them. */
export const accountsOf = (camera: ProbedCamera, cancel: Cancellable): Promise<Reply<readonly CameraUser[]>> =>
  askOnvif(camera, { as: "gateway", what: "GetUsers", ask: getUsers }, cancel);

export const protocolsOf = (camera: ProbedCamera, cancel: Cancellable): Promise<Reply<readonly NetworkProtocol[]>> =>
  askOnvif(camera, { as: "gateway", what: "GetNetworkProtocols", ask: getNetworkProtocols }, cancel);
