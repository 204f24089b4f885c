import type { ErrorCode } from "@gatehouse/shared";
import type { HAPStatus } from "homebridge";

import { hapStatus } from "./hap-enums.ts";

const told: Readonly<Partial<Record<ErrorCode, HAPStatus>>> = {
  "access-denied": hapStatus.insufficientPrivileges,
  unauthenticated: hapStatus.insufficientPrivileges,
  "viewer-address-refused": hapStatus.insufficientPrivileges,
  "not-found": hapStatus.doesNotExist,
  "snapshot-unsupported": hapStatus.doesNotExist,
  "too-many-sessions": hapStatus.busy,
  timeout: hapStatus.timedOut,
};

/** How HomeKit is told of an error. It knows few words; the log has the whole sentence. */
export const hapStatusOf = (code: ErrorCode): HAPStatus => told[code] ?? hapStatus.communicationFailure;
