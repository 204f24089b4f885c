import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { textAt } from "../../protocols/xml/xml-element.ts";
import { vendorOf } from "../vendor-policy.ts";
import type { HttpAnswer, HttpProbe, Vendor } from "./probed-camera.ts";

type Question = Parameters<HttpProbe["request"]>[0];
type Door = Pick<Question, "port" | "secure">;

/** The device service's own web server, then the usual ones. */
const doors: readonly Door[] = [{}, { port: 80, secure: false }, { port: 443, secure: true }];

interface Sign {
  readonly ask: Pick<Question, "method" | "path">;
  readonly vendor: (answer: HttpAnswer) => Vendor;
}

/** What everybody may ask for. Nothing of it is a login, so a camera can count none of it as a wrong one. */
const signs: readonly Sign[] = [
  {
    ask: { method: "GET", path: "/" },
    vendor: ({ headers, body }) => {
      const title = /<title>([^<]{1,80})</i.exec(body.toString("utf8"))?.[1];
      const server = headers["server"];
      return vendorOf({ ...(title !== undefined && { title }), ...(server !== undefined && { server }) });
    },
  },
  {
    // Hikvision's page asks for this before anybody logs in, to know whether there is a password yet.
    ask: { method: "GET", path: "/SDK/activateStatus" },
    vendor: ({ status, body }) => (status === 200 && isActivation(body) ? "hikvision" : "other"),
  },
];

/**
 * Who made a camera that tells it to nobody, by what its web pages say to everybody; `other` where they do not say it.
 * @throws GatehouseError `inspection-not-allowed`, `aborted` or the signal's reason
 */
export const recognise = async (http: HttpProbe, cancel: Cancellable): Promise<Vendor> => {
  for (const door of doors) {
    for (const { ask, vendor } of signs) {
      const answer = await answerOf(http, { ...ask, ...door }, cancel);
      // Nobody is there.
      if (answer === undefined) break;
      const found = vendor(answer);
      if (found !== "other") return found;
    }
  }
  return "other";
};

const answerOf = async (http: HttpProbe, to: Question, cancel: Cancellable): Promise<HttpAnswer | undefined> => {
  try {
    return await http.request(to, { kind: "nobody" }, cancel);
  } catch (error) {
    if (isGatehouseError(error) && (error.code.startsWith("camera-") || error.code === "timeout")) return undefined;
    throw error;
  }
};

const isActivation = (body: Buffer): boolean => {
  try {
    return /^(?:true|false)$/i.test(textAt(parseXml(body), "Activated"));
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") return false;
    throw error;
  }
};
