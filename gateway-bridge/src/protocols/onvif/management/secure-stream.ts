import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import { textAt } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask } from "./ask.ts";

/**
 * Where a profile's stream is over TLS (`RtspsUnicast`, ONVIF Media 2, GetStreamUri), forced to the camera's host. Media 1 has no word for it.
 * @throws GatehouseError as OnvifCaller.call; `camera-answer-malformed` where there is no address in the answer; `camera-weaker-auth` where it
 * is one without TLS, as an impostor would give
 */
export const getSecureStreamUri = async (onvif: OnvifCaller, profile: string, cancel: Cancellable): Promise<URL> => {
  const given = [argument("Protocol", "RtspsUnicast"), argument("ProfileToken", profile)];
  const answer = await ask(onvif, { service: "media2", operation: "GetStreamUri", arguments: given }, cancel);
  const url = onvif.resolve(textAt(answer, "Uri"), "stream");
  if (url.protocol === "rtsps:") return url;
  throw new GatehouseError("camera-weaker-auth", "the camera gives an address without TLS for a stream within TLS");
};
