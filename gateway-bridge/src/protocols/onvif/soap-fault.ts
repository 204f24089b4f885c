import { GatehouseError } from "@gatehouse/shared";

import { descendants, find, textAt, type XmlElement } from "../xml/xml-element.ts";

const longestWords = 300;

/** What a SOAP fault (SOAP 1.2 part 1, 5.4) means to us. */
export interface SoapFault {
  /** Local names of the code, its subcodes and the detail's elements: `Sender`, `NotAuthorized`, `InvalidArgVal`. */
  readonly codes: readonly string[];
  /** The camera's own words, bounded and on one line; empty where it says nothing. */
  readonly words: string;
}

/** Reads a Fault element; SOAP 1.1's form too, which some cameras use. */
export const readFault = (fault: XmlElement): SoapFault => {
  const codes = [...descendants(find(fault, "Code") ?? fault)]
    .filter(({ name }) => name === "Value" || name === "faultcode")
    .map(({ text }) => text);
  const detail = find(fault, "Detail") ?? find(fault, "detail");
  const details = detail?.children.map(({ name }) => name).filter((name) => name !== "Text") ?? [];
  const words = [textAt(fault, "Reason", "Text"), textAt(fault, "faultstring"), textAt(detail, "Text")];
  return {
    codes: [...codes.map(localName), ...details].slice(0, 16).map((code) => code.slice(0, 100)),
    words: words.filter((text) => text !== "").join(": ").replace(/[\s\p{C}]+/gu, " ").slice(0, longestWords), // prettier-ignore
  };
};

const localName = (qualified: string): string => qualified.slice(qualified.lastIndexOf(":") + 1);

/** Whether the camera refuses because of who asks. Some cameras name the WS-Security code, or SOAP 1.1's prefix form. */
export const isLoginFault = ({ codes }: SoapFault): boolean =>
  codes.some((code) => /^(?:ter[:.])?(?:NotAuthorized|FailedAuthentication|SenderNotAuthorized)$/i.test(code));

/** `camera-fault` with the camera's own words. */
export const faultError = ({ codes, words }: SoapFault, operation: string): GatehouseError =>
  new GatehouseError(
    "camera-fault",
    `the camera refused ${operation}: ${words || codes.join(", ") || "no reason given"}`,
    {
      details: { operation, codes, words },
    },
  );
