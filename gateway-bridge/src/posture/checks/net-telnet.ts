import { telnetPorts } from "../rules/service-ports.ts";
import { openPortCheck } from "./open-port-check.ts";

export const netTelnet = openPortCheck(
  {
    id: "NET-TELNET",
    severity: "critical",
    title: "A maintenance console is open",
    why: [
      "Telnet lets whoever knows the password run any program on the camera, and sends that password readable through the network.",
      "Most programs that break into cameras by themselves come in this way, because makers often set its password for good.",
    ],
    provision: "5.6-1, 5.6-4",
    ncsc: null,
    remedies: [{ remedy: "telnet-off", plane: "vendor" }],
  },
  () => telnetPorts,
);
