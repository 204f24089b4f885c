import type { Cancellable } from "@gatehouse/shared";

import type { XmlElement } from "../xml/xml-element.ts";
import type { CameraUri } from "./camera-uri-policy.ts";
import type { OnvifCall, OnvifService } from "./onvif-session.ts";

/** Whatever puts questions to a camera's ONVIF services; OnvifSession is one. */
export interface OnvifCaller {
  has(service: OnvifService): boolean;
  /** @throws GatehouseError as SoapClient.call; `camera-fault` where the camera lacks the service */
  call(call: OnvifCall, cancel: Cancellable): Promise<XmlElement>;
  /** An address that the camera gave, forced to the camera's host. */
  resolve(text: string, use: CameraUri["use"]): URL;
  /** What the camera's clock shows; milliseconds since the epoch. */
  readonly cameraNow: number;
}
