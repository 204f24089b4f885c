import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { readSnmpAnswer, snmpQuestion } from "../questions/snmp-question.ts";

const port = 161;

export const netSnmp: CameraCheck = {
  id: "NET-SNMP",
  scope: "camera",
  severity: "high",
  title: "It tells its settings to everybody",
  why: [
    "SNMP is a language for watching over networks, and here it answers to the word that everybody tries first: public.",
    "Whoever asks learns what the camera is and runs, and with some makers can change it.",
  ],
  provision: "5.6-4",
  ncsc: null,
  remedies: [],
  guide: (camera) => guideFor("NET-SNMP", camera),
  look: async (camera, cancel) => {
    const answer = await camera.ports.udp(port, snmpQuestion, cancel);
    const said = answer === undefined ? undefined : readSnmpAnswer(answer);
    if (said === undefined) return passed("It does not answer to SNMP with the community public.");
    return failed(`It answers to SNMP with the community public${said === "" ? "." : `: ${said}`}`);
  },
};
