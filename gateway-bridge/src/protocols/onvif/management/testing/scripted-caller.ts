import { GatehouseError } from "@gatehouse/shared";

import { parseXml } from "../../../xml/parse-xml.ts";
import { writeXml, xml } from "../../../xml/write-xml.ts";
import type { XmlElement } from "../../../xml/xml-element.ts";
import { decideCameraUri } from "../../camera-uri-policy.ts";
import { serviceNamespaces } from "../../namespaces.ts";
import type { OnvifCaller } from "../../onvif-caller.ts";
import type { OnvifCall } from "../../onvif-session.ts";

/** Something that a camera was told or asked. */
export interface Asked extends OnvifCall {
  /** As it arrives: written and read again. */
  readonly body: XmlElement;
}

/** A camera's ONVIF without a network: what each operation answers is given as the content of its response element. */
export class ScriptedCaller implements OnvifCaller {
  readonly asked: Asked[] = [];
  readonly cameraNow = 0;
  readonly #answers: Readonly<Record<string, string | ((asked: Asked) => string)>>;

  constructor(answers: Readonly<Record<string, string | ((asked: Asked) => string)>>) {
    this.#answers = answers;
  }

  has(): boolean {
    return true;
  }

  async call(call: OnvifCall): Promise<XmlElement> {
    await Promise.resolve();
    const namespace = serviceNamespaces[call.service];
    const body = parseXml(writeXml(xml(`o:${call.operation}`, { "xmlns:o": namespace }, ...(call.arguments ?? []))));
    const asked = { ...call, body };
    this.asked.push(asked);
    const answer = this.#answers[call.operation];
    if (answer === undefined) {
      const details = { operation: call.operation, codes: ["Receiver", "ActionNotSupported"], words: "" };
      throw new GatehouseError("camera-fault", `the camera refused ${call.operation}`, { details });
    }
    const content = typeof answer === "string" ? answer : answer(asked);
    return parseXml(`<r>${content}</r>`);
  }

  resolve(text: string, use: "service" | "snapshot" | "stream"): URL {
    const decision = decideCameraUri({ text, use, device: new URL("http://192.168.1.20/onvif/device_service") });
    if (decision.kind === "use") return decision.url;
    throw new GatehouseError("camera-foreign-host", decision.kind);
  }
}

/** Name and texts of an element and all in it, on one line: `SetUser(User(Username=a Level=User))`. */
export const outline = ({ name, text, children }: XmlElement): string => {
  if (children.length > 0) return `${name}(${children.map(outline).join(" ")})`;
  return text === "" ? name : `${name}=${text}`;
};
