import { GatehouseError } from "@gatehouse/shared";

import { writeXml, xml } from "../xml/write-xml.ts";
import { descendants, find, textAt, type XmlElement } from "../xml/xml-element.ts";
import { line, parseRouterXml } from "./igd-description.ts";

/**
 * All that is ever asked of a router: what it holds, and to let go of one mapping. There is no word for making one, here or elsewhere.
 * WANIPConnection:2 2.5 and WANIPv6FirewallControl:1 2.5
 */
export const igdActions = [
  "GetExternalIPAddress",
  "GetGenericPortMappingEntry",
  "GetSpecificPortMappingEntry",
  "GetListOfPortMappings",
  "DeletePortMapping",
  "GetFirewallStatus",
] as const;
export type IgdAction = (typeof igdActions)[number];

export interface IgdCall {
  /** The service's type, as its description has it. */
  readonly service: string;
  readonly action: IgdAction;
  /** In the order of the standard: some routers read them by their place. */
  readonly inputs: readonly (readonly [name: string, value: string])[];
}

/** What the router's errors mean. UPnP Device Architecture 1.1 table 3-3; WANIPConnection:2 2.5.x */
export const igdErrors = {
  invalidAction: 401,
  invalidArguments: 402,
  actionFailed: 501,
  notAuthorized: 606,
  noSuchIndex: 713,
  noSuchEntry: 714,
  noneFound: 730,
} as const;

/** The router said no, by a code of its own. */
export interface IgdRefusal {
  readonly code: number;
  /** In the router's words: one line. */
  readonly words: string;
}
export type IgdAnswer =
  { readonly kind: "done"; readonly outputs: XmlElement } | ({ readonly kind: "refused" } & IgdRefusal);

/** The body of the request, and the header that names the action. UPnP Device Architecture 1.1, 3.2.1 */
export const writeCall = ({
  service,
  action,
  inputs,
}: IgdCall): { readonly soapAction: string; readonly body: Buffer } => {
  const call = xml(`u:${action}`, { "xmlns:u": service }, ...inputs.map(([name, value]) => xml(name, {}, value)));
  const envelope = xml(
    "s:Envelope",
    {
      "xmlns:s": "http://schemas.xmlsoap.org/soap/envelope/",
      "s:encodingStyle": "http://schemas.xmlsoap.org/soap/encoding/",
    },
    xml("s:Body", {}, call),
  );
  return { soapAction: `"${service}#${action}"`, body: Buffer.from(writeXml(envelope)) };
};

/** @throws GatehouseError `router-answer-malformed` for what is neither an answer to that action nor a refusal */
export const readAnswer = (document: Buffer, action: IgdAction, limit: number): IgdAnswer => {
  const body = find(parseRouterXml(document, limit), "Body");
  const outputs = find(body, `${action}Response`);
  if (outputs !== undefined) return { kind: "done", outputs };
  const fault = find(body, "Fault");
  const error = fault && [...descendants(fault)].find(({ name }) => name === "UPnPError");
  const code = textAt(error, "errorCode");
  if (!/^\d{1,5}$/.test(code)) {
    throw new GatehouseError("router-answer-malformed", `the router's answer is none to ${action}`);
  }
  return { kind: "refused", code: Number(code), words: line(textAt(error, "errorDescription")) };
};
