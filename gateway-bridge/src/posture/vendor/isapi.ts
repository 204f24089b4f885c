import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { descendants, textAt } from "../../protocols/xml/xml-element.ts";
import { writeXml, xml } from "../../protocols/xml/write-xml.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { VendorSetting } from "./vendor-setting.ts";
import { askVendor, notTaken } from "./vendor-door.ts";

const namespace = "http://www.isapi.org/ver20/XMLSchema";

/** Real ones are a few KB. What is longer may have been cut off where it was read, and must not go back like that. */
const longestDocument = 32 * 1_024;

/**
 * Switches of Hikvision's ISAPI: XML documents with `enabled` in them, by the paths where they lie. Written as that one word alone, because what else stands
 * there may be a secret that is read as asterisks. Unproven on hardware.
 */
export const isapiSwitches = (documents: Readonly<Record<string, string>>): VendorSetting => ({
  read: async (camera, cancel) => {
    const told: Record<string, string> = {};
    let refused = false;
    for (const path of Object.keys(documents)) {
      const text = await readDocument(camera, path, cancel);
      if (text === "refused") refused = true;
      else if (text !== undefined && flagsIn(text).length > 0) told[path] = String(flagsIn(text).includes("true"));
    }
    if (Object.keys(told).length === 0) return { kind: refused ? "refused" : "absent" };
    return { kind: "told", on: Object.values(told).includes("true"), values: told };
  },
  switched: (values, on) => Object.fromEntries(Object.keys(values).map((path) => [path, String(on)])),
  write: async (camera, values, cancel) => {
    for (const [path, value] of Object.entries(values)) {
      const root = documents[path] ?? "";
      const document = xml(root, { version: "2.0", xmlns: namespace }, xml("enabled", {}, value));
      await put(camera, { path, body: Buffer.from(writeXml(document)) }, cancel);
    }
  },
});

/**
 * What a camera sends by itself, and where to: those documents go back as they came but for the one word, because a camera takes them only whole. Passwords
 * in them are not told, so what is switched on again may lack one.
 */
export const isapiDocuments = (...paths: readonly string[]): VendorSetting => ({
  read: async (camera, cancel) => {
    const told: Record<string, string> = {};
    let refused = false;
    for (const path of paths) {
      const text = await readDocument(camera, path, cancel);
      if (text === "refused") refused = true;
      else if (text !== undefined && flagsIn(text).length > 0) told[path] = text;
    }
    if (Object.keys(told).length === 0) return { kind: refused ? "refused" : "absent" };
    return { kind: "told", on: Object.values(told).some((text) => flagsIn(text).includes("true")), values: told };
  },
  switched: (values, on) =>
    Object.fromEntries(
      Object.entries(values).map(([path, text]) => [
        path,
        text.replace(/(<enabled>)(?:true|false)(<\/enabled>)/g, `$1${String(on)}$2`),
      ]),
    ),
  write: async (camera, values, cancel) => {
    for (const [path, text] of Object.entries(values)) await put(camera, { path, body: Buffer.from(text) }, cancel);
  },
});

/** One of a few words in an ISAPI document: `certificateType` is `digest`. Unproven on hardware. */
export const isapiWord = (word: {
  readonly path: string;
  readonly root: string;
  readonly name: string;
  readonly on: string;
  readonly off: string;
}): VendorSetting => ({
  read: async (camera, cancel) => {
    const text = await readDocument(camera, word.path, cancel);
    if (text === "refused") return { kind: "refused" };
    const found = text === undefined ? "" : (namedIn(text, word.name)[0] ?? "");
    return found === "" ? { kind: "absent" } : { kind: "told", on: found === word.on, values: { [word.path]: found } };
  },
  switched: (_, on) => ({ [word.path]: on ? word.on : word.off }),
  write: async (camera, values, cancel) => {
    const document = xml(word.root, { version: "2.0", xmlns: namespace }, xml(word.name, {}, values[word.path]));
    await put(camera, { path: word.path, body: Buffer.from(writeXml(document)) }, cancel);
  },
});

/** Undefined where the camera has no such document. */
const readDocument = async (camera: ProbedCamera, path: string, cancel: Cancellable): Promise<string | undefined> => {
  const answer = await askVendor(camera, { method: "GET", path }, cancel);
  if (answer === undefined || [400, 404, 405, 501].includes(answer.status)) return undefined;
  if (answer.status === 401 || answer.status === 403) return "refused";
  if (answer.status === 200 && answer.body.length > longestDocument)
    throw new GatehouseError("camera-answer-malformed", `the camera's ${path} is longer than such documents are`);
  if (answer.status === 200) return answer.body.toString("utf8");
  throw new GatehouseError("camera-fault", `the camera answered ${path} with ${answer.status}`);
};

const namedIn = (document: string, wanted: string): readonly string[] =>
  [...descendants(parseXml(document))].filter(({ name }) => name === wanted).map(({ text }) => text);
/** Any other word says nothing of a switch. */
const flagsIn = (document: string): readonly string[] =>
  namedIn(document, "enabled").filter((word) => word === "true" || word === "false");

const put = async (
  camera: ProbedCamera,
  { path, body }: { readonly path: string; readonly body: Buffer },
  cancel: Cancellable,
): Promise<void> => {
  const headers = { "content-type": "application/xml" };
  const answer = await askVendor(camera, { method: "PUT", path, body, headers }, cancel);
  if (answer?.status !== 200 || !isTaken(answer.body)) throw notTaken(path, answer);
};

/** ISAPI's ResponseStatus: 1 is done, 7 is done after a restart. An empty answer is none of either. */
const isTaken = (body: Buffer): boolean => {
  const code = body.length === 0 ? "1" : textAt(parseXml(body), "statusCode");
  return code === "1" || code === "7";
};
