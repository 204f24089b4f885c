import { sshPorts } from "../rules/service-ports.ts";
import { openPortCheck } from "./open-port-check.ts";

export const netSsh = openPortCheck(
  {
    id: "NET-SSH",
    severity: "medium",
    title: "A remote console is open",
    why: [
      "SSH lets whoever knows the password run any program on the camera.",
      "It is encrypted, but nobody at home needs it, and each open door is one more to try passwords at.",
    ],
    provision: "5.6-1, 5.6-4",
    ncsc: null,
    remedies: [{ remedy: "ssh-off", plane: "vendor" }],
  },
  () => sshPorts,
);
