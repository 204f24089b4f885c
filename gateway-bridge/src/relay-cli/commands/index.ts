import type { RelayCommand } from "../relay-command.ts";
import { drainCommand, keyRotateCommand } from "./change.ts";
import { doctorCommand } from "./doctor.ts";
import { gatewayLimitCommand, gatewayListCommand, gatewayRevokeCommand } from "./gateway.ts";
import { initCommand } from "./init.ts";
import { inviteCommand } from "./invite.ts";
import { operatorAddCommand, operatorListCommand, operatorRemoveCommand } from "./operator.ts";
import { signInCommand } from "./sign-in.ts";
import { upCommand } from "./up.ts";
import { vaultProtectCommand, vaultRotateCommand, vaultUnprotectCommand } from "./vault.ts";
import { auditCommand, auditVerifyCommand, statusCommand } from "./watch.ts";

/** Every command, in the order of the help page. */
export const relayCommands: readonly RelayCommand[] = [
  initCommand,
  upCommand,
  signInCommand,
  statusCommand,
  inviteCommand,
  gatewayListCommand,
  gatewayRevokeCommand,
  gatewayLimitCommand,
  operatorListCommand,
  operatorAddCommand,
  operatorRemoveCommand,
  keyRotateCommand,
  drainCommand,
  auditCommand,
  auditVerifyCommand,
  doctorCommand,
  vaultProtectCommand,
  vaultUnprotectCommand,
  vaultRotateCommand,
];
