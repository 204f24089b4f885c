import { SoapFault, type XmlPart } from "../../soap.ts";
import { readSystem, tag, writeSystem, type Operations } from "./operation.ts";

const mode = (body: XmlPart, name: string): "Discoverable" | "NonDiscoverable" => {
  const text = body.text(name);
  if (text !== "Discoverable" && text !== "NonDiscoverable") throw new SoapFault("ter:InvalidArgVal", "no such mode");
  return text;
};

/** Device Management 8.1: whether WS-Discovery finds the camera. */
export const discoveryOperations: Operations = {
  GetDiscoveryMode: readSystem(({ state }) => tag("tds:DiscoveryMode", state.discovery.mode)),
  SetDiscoveryMode: writeSystem((core, body) => {
    core.state.discovery.mode = mode(body, "DiscoveryMode");
    return "";
  }),
  GetRemoteDiscoveryMode: readSystem(({ state }) =>
    tag("tds:RemoteDiscoveryMode", state.discovery.answersEverybody ? "Discoverable" : "NonDiscoverable"),
  ),
  SetRemoteDiscoveryMode: writeSystem((core, body) => {
    core.state.discovery.answersEverybody = mode(body, "RemoteDiscoveryMode") === "Discoverable";
    return "";
  }),
};
