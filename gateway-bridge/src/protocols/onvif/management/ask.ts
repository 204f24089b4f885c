import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { escapeXml, xml, type XmlNode } from "../../xml/write-xml.ts";
import { findAll, type XmlElement } from "../../xml/xml-element.ts";
import { namespaces } from "../namespaces.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import type { OnvifService } from "../onvif-session.ts";

/** Something that a camera is told or asked, in words of its service's namespace (`o`) and of the common schema (`tt`). */
export interface Question {
  /** `device` unless told. */
  readonly service?: OnvifService;
  readonly operation: string;
  readonly arguments?: readonly (XmlNode | undefined)[];
  readonly timeoutMs?: number;
  readonly limit?: number;
}

/** @throws GatehouseError as OnvifCaller.call */
export const ask = (onvif: OnvifCaller, question: Question, cancel: Cancellable): Promise<XmlElement> => {
  const given = question.arguments?.filter((argument) => argument !== undefined);
  return onvif.call({ ...question, service: question.service ?? "device", arguments: given ?? [] }, cancel);
};

/** An argument of an operation; what is inside it may use the prefix `tt`. */
export const argument = (name: string, ...content: readonly (XmlNode | string | undefined)[]): XmlNode =>
  xml(`o:${name}`, { "xmlns:tt": namespaces.schema }, ...content);

/** An element of the common schema, inside an argument. */
export const part = (name: string, ...content: readonly (XmlNode | string | undefined)[]): XmlNode =>
  xml(`tt:${name}`, {}, ...content);

/** Nothing where there is no value to say. */
export const optional = (
  write: (name: string, value: string) => XmlNode,
  name: string,
  value: string | number | boolean | undefined,
): XmlNode | undefined => (value === undefined ? undefined : write(name, String(value)));

/**
 * The text as it is, where it arrives as it is.
 * @throws GatehouseError `request-invalid` for what XML cannot hold: the camera would be told another name or password than the one meant
 */
export const faithful = (text: string, what: string): string => {
  const lost = (each: string): number => each.split("\ufffd").length;
  if (lost(escapeXml(text)) === lost(text)) return text;
  throw new GatehouseError("request-invalid", `${what} holds a character that cannot be sent to a camera`);
};

/** More entries than any camera has; what comes after is left out. */
const mostEntries = 256;

export const entries = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  findAll(element, name).slice(0, mostEntries);

/** `true`, `false`, or undefined where the camera says neither (XML Schema part 2, 3.2.2). */
export const flag = (text: string | undefined): boolean | undefined => {
  if (text === undefined || !/^(?:true|false|0|1)$/i.test(text)) return undefined;
  return /^(?:true|1)$/i.test(text);
};

/** A whole number that is not negative; undefined for anything else. */
export const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** The words of a list; some cameras put commas between them. */
export const words = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[\s,]+/).filter((word) => word !== "").slice(0, mostEntries); // prettier-ignore

/** Whether the camera says that it does not know what was asked of it, rather than that it will not do it. */
export const isUnsupported = (error: unknown): boolean => {
  if (!isGatehouseError(error)) return false;
  if (error.code === "camera-answer-malformed") return [404, 405, 501].includes(Number(error.details["status"]));
  const codes = error.details["codes"];
  return error.code === "camera-fault" && Array.isArray(codes) && codes.some((code) => unsupported.has(String(code)));
};

/** ONVIF Core 5.8.2.4; the last three are what older firmware says instead. */
const unsupported: ReadonlySet<string> = new Set([
  "ActionNotSupported",
  "OptionalActionNotImplemented",
  "NotSupported",
  "UnknownAction",
]);

/** Undefined where the camera does not know the operation. */
export const unlessUnsupported = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
};
