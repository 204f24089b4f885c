import type { Cancellable } from "@gatehouse/shared";

import { textAt } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask } from "./ask.ts";

/** A camera's log is the one answer that may be longer than others. */
const longestLog = 8 << 20;

/** @throws GatehouseError as OnvifCaller.call; `camera-answer-malformed` where the camera sends it as an attachment (MTOM) */
export const getSystemLog = async (
  onvif: OnvifCaller,
  kind: "System" | "Access",
  cancel: Cancellable,
): Promise<string> => {
  const given = [argument("LogType", kind)];
  const answer = await ask(onvif, { operation: "GetSystemLog", arguments: given, limit: longestLog }, cancel);
  return textAt(answer, "SystemLog", "String");
};
