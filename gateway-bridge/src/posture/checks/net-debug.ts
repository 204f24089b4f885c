import { openPortCheck } from "./open-port-check.ts";

/** 5555 is Android's debug bridge; 1234 and 6789 are consoles that makers forgot in cameras' firmware. */
export const netDebug = openPortCheck(
  {
    id: "NET-DEBUG",
    severity: "critical",
    title: "A way in for engineers was left open",
    why: [
      "This door was made for building the camera, and asks for no password at all.",
      "Whoever reaches it commands the camera, and with it a computer inside your home.",
    ],
    provision: "5.6-4",
    ncsc: null,
    remedies: [],
  },
  () => [5_555, 1_234, 6_789],
);
