import type { Command } from "../command.ts";
import { appAddCommand } from "./app-add.ts";
import { auditCommand } from "./audit.ts";
import { cameraAddCommand } from "./camera-add.ts";
import { cameraDiscoverCommand } from "./camera-discover.ts";
import { cameraListCommand } from "./camera-list.ts";
import { cameraRemoveCommand } from "./camera-remove.ts";
import { clientListCommand } from "./client-list.ts";
import { clientRevokeCommand } from "./client-revoke.ts";
import { healthCommand } from "./health.ts";
import { pairCommand } from "./pair.ts";
import { statusCommand } from "./status.ts";
import { upCommand } from "./up.ts";

/** Every command, in the order of the help page. */
export const commands: readonly Command[] = [
  upCommand,
  statusCommand,
  healthCommand,
  cameraDiscoverCommand,
  cameraAddCommand,
  cameraListCommand,
  cameraRemoveCommand,
  pairCommand,
  appAddCommand,
  clientListCommand,
  clientRevokeCommand,
  auditCommand,
];
