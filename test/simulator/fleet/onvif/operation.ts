import type { SoapRequest, XmlPart } from "../../soap.ts";
import type { AccessClass } from "../access-policy.ts";
import type { CameraCore } from "../camera-core.ts";

/** Where a request came to, for the addresses in the answer. */
export interface Visit {
  /** `http://127.77.1.2`, without a path. */
  readonly origin: string;
  readonly signal: AbortSignal;
  readonly request: SoapRequest;
}

/** One ONVIF operation: who may, and the content of its answer. `body` is the request without its header. */
export interface Operation {
  readonly access: AccessClass;
  readonly run: (core: CameraCore, body: XmlPart, visit: Visit) => string | Promise<string>;
}

export type Operations = Readonly<Record<string, Operation>>;

export const preAuth = (run: Operation["run"]): Operation => ({ access: "PRE_AUTH", run });
export const readSystem = (run: Operation["run"]): Operation => ({ access: "READ_SYSTEM", run });
export const readSecret = (run: Operation["run"]): Operation => ({ access: "READ_SYSTEM_SECRET", run });
export const readMedia = (run: Operation["run"]): Operation => ({ access: "READ_MEDIA", run });
export const writeSystem = (run: Operation["run"]): Operation => ({ access: "WRITE_SYSTEM", run });
export const unrecoverable = (run: Operation["run"]): Operation => ({ access: "UNRECOVERABLE", run });

export const tag = (name: string, value: string | number | boolean): string => `<${name}>${value}</${name}>`;
