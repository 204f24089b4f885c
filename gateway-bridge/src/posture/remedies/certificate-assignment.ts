import type { Cancellable } from "@gatehouse/shared";

import {
  addServerCertificateAssignment,
  getAssignedServerCertificates,
  removeServerCertificateAssignment,
  replaceServerCertificateAssignment,
} from "../../protocols/onvif/management/certificates.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";

/** Has a camera's TLS server show that certification path in the place of the one before. */
export const assignOnly = async (onvif: OnvifCaller, pathId: string, cancel: Cancellable): Promise<void> => {
  const shown = await getAssignedServerCertificates(onvif, cancel);
  if (shown.includes(pathId)) return;
  const [from] = shown;
  if (from === undefined) await addServerCertificateAssignment(onvif, pathId, cancel);
  else await replaceServerCertificateAssignment(onvif, { from, to: pathId }, cancel);
};

/** Has it show again what it showed before. */
export const assignAsBefore = async (
  onvif: OnvifCaller,
  [former]: readonly string[],
  cancel: Cancellable,
): Promise<void> => {
  for (const pathId of await getAssignedServerCertificates(onvif, cancel)) {
    if (pathId === former) continue;
    if (former === undefined) await removeServerCertificateAssignment(onvif, pathId, cancel);
    else await replaceServerCertificateAssignment(onvif, { from: pathId, to: former }, cancel);
  }
};
