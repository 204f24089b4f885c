import type { DrawPassword, Remedy } from "../remedy.ts";
import { FirmwareInstall } from "./firmware-install.ts";
import { Initialise } from "./initialise.ts";
import { mappingDelete, type MappingRemoval } from "./mapping-delete.ts";
import { onvifRemedies } from "./onvif-remedies.ts";
import { removeUsers } from "./remove-users.ts";
import { RotatePassword } from "./rotate-password.ts";
import { StreamingUser } from "./streaming-user.ts";
import { vendorRemedies } from "./vendor/vendor-remedies.ts";

export interface RemedyParts {
  readonly draw: DrawPassword;
  readonly router: MappingRemoval;
  /** Where firmware lies that the owner gave. */
  readonly firmware: string;
}

/** Everything that the gateway can do about a weakness. Which of several of a name fits a camera, each says itself. */
export const allRemedies = ({ draw, router, firmware }: RemedyParts): readonly Remedy[] => [
  new Initialise(draw),
  new RotatePassword(draw),
  new StreamingUser(draw),
  removeUsers,
  ...onvifRemedies,
  ...vendorRemedies,
  mappingDelete(router),
  new FirmwareInstall(firmware),
];
