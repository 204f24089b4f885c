import type { Cancellable } from "@gatehouse/shared";

import { textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, entries } from "./ask.ts";

/** `Discoverable` or `NonDiscoverable`, or what else the camera says. */
export const getDiscoveryMode = async (onvif: OnvifCaller, cancel: Cancellable): Promise<string> =>
  textAt(await ask(onvif, { operation: "GetDiscoveryMode" }, cancel), "DiscoveryMode");

/** Whether the camera answers to WS-Discovery. */
export const setDiscoveryMode = async (
  onvif: OnvifCaller,
  mode: "Discoverable" | "NonDiscoverable",
  cancel: Cancellable,
): Promise<void> => {
  await ask(onvif, { operation: "SetDiscoveryMode", arguments: [argument("DiscoveryMode", mode)] }, cancel);
};

/** Something that a camera tells everybody of itself: `onvif://www.onvif.org/Profile/Streaming`. */
export interface Scope {
  /** `Fixed` or `Configurable`. */
  readonly kind: string;
  readonly uri: string;
}

export const getScopes = async (onvif: OnvifCaller, cancel: Cancellable): Promise<readonly Scope[]> =>
  readScopes(await ask(onvif, { operation: "GetScopes" }, cancel));

export const readScopes = (answer: XmlElement): readonly Scope[] =>
  entries(answer, "Scopes").map((scope) => ({ kind: textAt(scope, "ScopeDef"), uri: textAt(scope, "ScopeItem") }));

/** The camera's name in WS-Discovery, which stays the same: `urn:uuid:...`. */
export const getEndpointReference = async (onvif: OnvifCaller, cancel: Cancellable): Promise<string> =>
  textAt(await ask(onvif, { operation: "GetEndpointReference" }, cancel), "GUID");
