import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";
import onvif from "onvif";

import { parseXml } from "../xml/parse-xml.ts";
import { escapeXml } from "../xml/write-xml.ts";
import type { XmlElement } from "../xml/xml-element.ts";
import type { XmlNode } from "../xml/write-xml.ts";
import type { OnvifCaller } from "./onvif-caller.ts";

/**
 * npm `onvif`, with its transport replaced by ours: it words the request and reads the answer, and never touches a socket,
 * a credential or XML from the camera.
 *
 * It is used where what it returns is a URL or nothing. It is kept off every call whose answer holds tokens, names or versions,
 * because it turns texts that look like numbers, booleans or dates into those: of the tokens `000`, `1.50` and
 * `12345678901234567890` it returns the second as 1.5 and the third as 12345678901234567000 (measured in media-uris.test.ts).
 */
export type MediaService = "media" | "media2";

/** Where a profile's RTSP stream is, forced to the camera's host. */
export const getStreamUri = async (
  session: OnvifCaller,
  profile: { readonly service: MediaService; readonly token: string },
  cancel: Cancellable,
): Promise<URL> => {
  const options = { profileToken: escapeXml(profile.token), protocol: "RTSP", stream: "RTP-Unicast" };
  const answer = await ask(session, profile.service, cancel, (camera, done) => camera.getStreamUri(options, done));
  return session.resolve(uriIn(answer, "GetStreamUri"), "stream");
};

/** Where a still picture of a profile is, forced to the camera's host. Cameras without one answer by `camera-fault`. */
export const getSnapshotUri = async (
  session: OnvifCaller,
  profile: { readonly service: MediaService; readonly token: string },
  cancel: Cancellable,
): Promise<URL> => {
  const options = { profileToken: escapeXml(profile.token) };
  const answer = await ask(session, profile.service, cancel, (camera, done) => camera.getSnapshotUri(options, done));
  return session.resolve(uriIn(answer, "GetSnapshotUri"), "snapshot");
};

/** Media 1 wraps it in MediaUri; the library unwraps that, and leaves Media 2's text bare. */
const uriIn = (answer: unknown, operation: string): string => {
  const uri = typeof answer === "object" && answer !== null && "uri" in answer ? answer.uri : answer;
  if (typeof uri === "string" && uri !== "") return uri;
  throw new GatehouseError("camera-answer-malformed", `the camera answered ${operation} without an address`);
};

type Done = (error: Error | null, answer?: unknown) => void;
type Request = (options: { readonly service?: string; readonly body: string }, done: Done) => void;

/** The library's request function is private to it, so its type does not name it. */
interface Transport {
  _request: Request;
  _envelopeHeader: () => string;
  _envelopeFooter: () => string;
}

const ask = (
  session: OnvifCaller,
  service: MediaService,
  cancel: Cancellable,
  run: (camera: onvif.Cam, done: Done) => void,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const camera = new onvif.Cam({ hostname: "camera.invalid", autoconnect: false });
    camera.media2Support = service === "media2";
    const transport = camera as unknown as Transport;
    // The envelope, with its login, is made by our own transport; what is left is the operation's element.
    transport._envelopeHeader = () => "";
    transport._envelopeFooter = () => "";
    transport._request = ({ body }, done) => {
      const { name, content } = toNode(parseXml(body));
      session
        .call({ service, operation: name, arguments: content.filter((part) => typeof part !== "string") }, cancel)
        .then((answer) => done(null, [toLibrary(answer)]))
        // The library reads an answer without guarding against a hostile one.
        .catch((error: unknown) => reject(isGatehouseError(error) ? error : unreadable(error)));
    };
    run(camera, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });

const unreadable = (cause: unknown): GatehouseError =>
  new GatehouseError("camera-answer-malformed", "the camera's answer about its media lacks what it must hold", {
    cause,
  });

/** The library's request as our writer takes it; each element says its namespace itself. */
const toNode = ({ name, namespace, children, text }: XmlElement): XmlNode => ({
  name,
  attributes: { xmlns: namespace },
  content: children.length > 0 ? children.map(toNode) : text === "" ? [] : [text],
});

/** An answer in the library's own form: arrays by name, the first letter small unless the second is a capital too. */
const toLibrary = (element: XmlElement): object => ({ [libraryName(element.name)]: [contentOf(element)] });

const contentOf = ({ children, text }: XmlElement): unknown => {
  if (children.length === 0) return text;
  const content = Object.create(null) as Record<string, unknown[]>;
  for (const child of children) (content[libraryName(child.name)] ??= []).push(contentOf(child));
  return content;
};

const libraryName = (name: string): string =>
  /^.[^a-z]/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1);
