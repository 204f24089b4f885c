import { openPortCheck } from "./open-port-check.ts";

/** 2323 is its second usual port, 9527 the console of cameras built by XMeye. */
export const netTelnet = openPortCheck(
  {
    id: "NET-TELNET",
    severity: "critical",
    title: "A maintenance console is open",
    why: [
      "Telnet lets whoever knows the password run any program on the camera, and sends that password readable through the network.",
      "Most programs that break into cameras by themselves come in this way, because makers often set its password for good.",
    ],
    provision: "5.6-1",
    ncsc: null,
    remedies: [{ remedy: "telnet-off", plane: "vendor" }],
  },
  () => [23, 2_323, 9_527],
);
