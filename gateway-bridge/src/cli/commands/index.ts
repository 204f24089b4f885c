import type { Command } from "../command.ts";
import { appAddCommand } from "./app-add.ts";
import { auditCommand } from "./audit.ts";
import { auditExportCommand } from "./audit-export.ts";
import { auditHeadsCommand } from "./audit-heads.ts";
import { auditVerifyCommand } from "./audit-verify.ts";
import { backupCommand } from "./backup.ts";
import { cameraAddCommand } from "./camera-add.ts";
import { cameraDiscoverCommand } from "./camera-discover.ts";
import { cameraListCommand } from "./camera-list.ts";
import { cameraRemoveCommand } from "./camera-remove.ts";
import { certificateCommand } from "./certificate.ts";
import { certificateTokenCommand } from "./certificate-token.ts";
import { checkCommand } from "./check.ts";
import { clientListCommand } from "./client-list.ts";
import { clientRevokeCommand } from "./client-revoke.ts";
import { clockConfirmCommand } from "./clock-confirm.ts";
import { connectCommand } from "./connect.ts";
import { connectPairCommand } from "./connect-pair.ts";
import { eraseCommand } from "./erase.ts";
import { findingAcceptCommand, findingStateCommand, findingWithdrawCommand } from "./finding.ts";
import { advisoriesUpdateCommand, firmwareInstallCommand } from "./firmware.ts";
import { firstRunCommand } from "./first-run.ts";
import { grantListCommand } from "./grant-list.ts";
import { grantSetCommand } from "./grant-set.ts";
import { guestInviteCommand, guestListCommand, guestRevokeCommand } from "./guest.ts";
import { healthCommand } from "./health.ts";
import { inspectCommand } from "./inspect.ts";
import { isolateCommand } from "./isolate.ts";
import { loginEndCommand, loginListCommand } from "./login.ts";
import { newcomerDismissCommand, newcomerListCommand } from "./newcomer.ts";
import { noticeDismissCommand, noticeListCommand } from "./notice.ts";
import { pairCommand } from "./pair.ts";
import {
  personAddCommand,
  personChangeCommand,
  personInviteCommand,
  personListCommand,
  personRemoveCommand,
} from "./person.ts";
import { remedyAllCommand } from "./remedy-all.ts";
import {
  remedyApplyCommand,
  remedyConfirmCommand,
  remedyDeclineCommand,
  remedyListCommand,
  remedyUndoCommand,
} from "./remedy.ts";
import { remoteDeviceAddCommand, remoteDeviceListCommand, remoteDeviceRevokeCommand } from "./remote-device.ts";
import {
  remoteEnrolCommand,
  remoteLeaveCommand,
  remoteOffCommand,
  remoteOnCommand,
  remotePanicCommand,
  remoteRotateCommand,
  remoteStatusCommand,
} from "./remote.ts";
import { restoreCommand } from "./restore.ts";
import { roleAddCommand, roleChangeCommand, roleListCommand, roleRemoveCommand } from "./role.ts";
import { routerCommand } from "./router.ts";
import { statusCommand } from "./status.ts";
import { trustCommand } from "./trust.ts";
import { upCommand } from "./up.ts";
import { updateApplyCommand } from "./update-apply.ts";
import { updateCheckCommand } from "./update-check.ts";
import { updateRecoverCommand } from "./update-recover.ts";
import { updateRollbackCommand } from "./update-rollback.ts";
import { updateStateCommand } from "./update-state.ts";
import { versionCommand } from "./version.ts";
import { vaultProtectCommand, vaultUnprotectCommand } from "./vault-protect.ts";
import { vaultRotateCommand } from "./vault-rotate.ts";

/** Every command, in the order of the help page. */
export const commands: readonly Command[] = [
  upCommand,
  firstRunCommand,
  statusCommand,
  healthCommand,
  noticeListCommand,
  noticeDismissCommand,
  cameraDiscoverCommand,
  cameraAddCommand,
  cameraListCommand,
  cameraRemoveCommand,
  newcomerListCommand,
  newcomerDismissCommand,
  inspectCommand,
  findingAcceptCommand,
  findingWithdrawCommand,
  findingStateCommand,
  remedyApplyCommand,
  remedyAllCommand,
  remedyListCommand,
  remedyConfirmCommand,
  remedyDeclineCommand,
  remedyUndoCommand,
  firmwareInstallCommand,
  advisoriesUpdateCommand,
  routerCommand,
  isolateCommand,
  pairCommand,
  trustCommand,
  certificateCommand,
  certificateTokenCommand,
  appAddCommand,
  clientListCommand,
  clientRevokeCommand,
  personListCommand,
  personAddCommand,
  personChangeCommand,
  personInviteCommand,
  personRemoveCommand,
  loginListCommand,
  loginEndCommand,
  grantListCommand,
  grantSetCommand,
  roleListCommand,
  roleAddCommand,
  roleChangeCommand,
  roleRemoveCommand,
  guestListCommand,
  guestInviteCommand,
  guestRevokeCommand,
  remoteStatusCommand,
  remoteEnrolCommand,
  remoteOnCommand,
  remoteOffCommand,
  remoteLeaveCommand,
  remoteRotateCommand,
  remotePanicCommand,
  remoteDeviceAddCommand,
  remoteDeviceListCommand,
  remoteDeviceRevokeCommand,
  clockConfirmCommand,
  connectPairCommand,
  connectCommand,
  checkCommand,
  updateCheckCommand,
  updateApplyCommand,
  updateRollbackCommand,
  updateRecoverCommand,
  updateStateCommand,
  versionCommand,
  auditCommand,
  auditVerifyCommand,
  auditHeadsCommand,
  auditExportCommand,
  backupCommand,
  restoreCommand,
  vaultProtectCommand,
  vaultUnprotectCommand,
  vaultRotateCommand,
  eraseCommand,
];
