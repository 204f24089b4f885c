/** Where a camera's telnet answers: 2323 is its second usual port, 9527 the console of cameras built by XMeye. */
export const telnetPorts: readonly number[] = [23, 2_323, 9_527];
export const sshPorts: readonly number[] = [22];
export const ftpPorts: readonly number[] = [21];
