import { ftpPorts } from "../rules/service-ports.ts";
import { openPortCheck } from "./open-port-check.ts";

export const netFtp = openPortCheck(
  {
    id: "NET-FTP",
    severity: "high",
    title: "A file server is open",
    why: [
      "FTP hands out the camera's files, and sends the password for it readable through the network.",
      "Whoever listens once can read the recordings from then on, or put files of their own there.",
    ],
    provision: "5.6-1, 5.6-4",
    ncsc: null,
    remedies: [{ remedy: "ftp-off", plane: "vendor" }],
  },
  () => ftpPorts,
);
