import { element, escapeXml } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import { preAuth, readSecret, readSystem, tag, unrecoverable, type Operations } from "./operation.ts";
import { servicesOf } from "./services.ts";

/** What the camera says of itself in GetScopes and in WS-Discovery (ONVIF Core 7.3.2). */
export const scopesOf = ({ state: { identity, initialised, reveals }, face, openToAll }: CameraCore): string[] =>
  [
    ...["type/video_encoder", "type/Network_Video_Transmitter", "Profile/Streaming"],
    ...(openToAll ? ["Profile/Q/FactoryDefault"] : initialised && face.keystore ? ["Profile/T"] : []),
    `hardware/${encodeURIComponent(identity.model)}`,
    `name/${encodeURIComponent(`${face.manufacturer} ${identity.model}`)}`,
    "location/",
    ...(reveals
      ? [`serial/${encodeURIComponent(identity.serial)}`, `firmware/${encodeURIComponent(identity.firmware)}`]
      : []),
  ].map((scope) => `onvif://www.onvif.org/${scope}`);

export const factOperations: Operations = {
  GetDeviceInformation: readSystem(({ state: { identity } }) =>
    [
      tag("tds:Manufacturer", escapeXml(identity.manufacturer)),
      tag("tds:Model", escapeXml(identity.model)),
      tag("tds:FirmwareVersion", escapeXml(identity.firmware)),
      tag("tds:SerialNumber", escapeXml(identity.serial)),
      tag("tds:HardwareId", escapeXml(identity.hardware)),
    ].join(""),
  ),
  GetServices: preAuth((core, body, { origin }) =>
    servicesOf(core)
      .map(({ namespace, path, capabilities }) =>
        element(
          "tds:Service",
          tag("tds:Namespace", namespace),
          tag("tds:XAddr", origin + path),
          body.text("IncludeCapability") === "true" ? element("tds:Capabilities", capabilities(core)) : "",
          `<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version>`,
        ),
      )
      .join(""),
  ),
  GetCapabilities: preAuth((core, _, { origin }) => {
    const path = (name: string): string =>
      origin + (servicesOf(core).find((service) => service.name === name)?.path ?? "");
    return element(
      "tds:Capabilities",
      element("tt:Device", tag("tt:XAddr", path("device"))),
      element("tt:Events", tag("tt:XAddr", path("events")), tag("tt:WSPullPointSupport", true)),
      element(
        "tt:Media",
        tag("tt:XAddr", path("media")),
        `<tt:StreamingCapabilities><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities>`,
      ),
    );
  }),
  GetScopes: readSystem((core) =>
    scopesOf(core)
      .map((scope) => element("tds:Scopes", tag("tt:ScopeDef", "Fixed"), tag("tt:ScopeItem", scope)))
      .join(""),
  ),
  GetHostname: preAuth(() => element("tds:HostnameInformation", tag("tt:FromDHCP", false), tag("tt:Name", "camera"))),
  GetEndpointReference: preAuth(({ state }) => tag("tds:GUID", `urn:uuid:${state.identity.uuid}`)),
  GetWsdlUrl: preAuth(() => tag("tds:WsdlUrl", "http://www.onvif.org/onvif/ver10/device/wsdl/devicemgmt.wsdl")),
  GetSystemLog: readSecret(({ state }) => element("tds:SystemLog", tag("tt:String", escapeXml(state.log.join("\n"))))),
  SystemReboot: unrecoverable((core) => {
    core.reboot();
    return tag("tds:Message", "Rebooting in 0 seconds");
  }),
};
