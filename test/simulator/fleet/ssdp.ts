import type { CameraCore } from "./camera-core.ts";
import { descriptionPath, upnpPort } from "./upnp-desk.ts";

export const ssdpGroup = "239.255.255.250";

/** The answer to an M-SEARCH (UPnP Device Architecture 1.0, 1.2.3); undefined for what is none, or asks for something else. */
export const answerSearch = ({ address, face, state }: CameraCore, datagram: Buffer): Buffer | undefined => {
  const [first = "", ...lines] = datagram.toString("latin1").split("\r\n");
  const target = lines
    .find((line) => /^ST:/i.test(line))
    ?.slice("ST:".length)
    .trim();
  if (!/^M-SEARCH \* HTTP\/1\.1$/.test(first) || target === undefined) return undefined;
  const { uuid, firmware } = state.identity;
  const own = ["upnp:rootdevice", `uuid:${uuid}`, "urn:schemas-upnp-org:device:Basic:1"];
  if (target !== "ssdp:all" && !own.includes(target)) return undefined;
  const type = target === "ssdp:all" ? "upnp:rootdevice" : target;
  return Buffer.from(
    [
      "HTTP/1.1 200 OK",
      "CACHE-CONTROL: max-age=1800",
      "EXT:",
      `LOCATION: http://${address}:${upnpPort}${descriptionPath}`,
      `SERVER: Linux UPnP/1.0 ${face.manufacturer}${state.reveals ? `/${firmware.replaceAll(" ", "_")}` : ""}`,
      `ST: ${type}`,
      `USN: ${type.startsWith("uuid:") ? type : `uuid:${uuid}::${type}`}`,
      "",
      "",
    ].join("\r\n"),
  );
};
