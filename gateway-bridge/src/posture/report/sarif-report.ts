import type { Finding, HomePosture, Severity } from "@gatehouse/shared";

import type { CheckFacts } from "../check.ts";

/** Of the kinds that SARIF 2.1.0 knows (3.27.9); a level goes with `fail` alone (3.27.10). */
const kinds = {
  failed: "fail",
  accepted: "fail",
  passed: "pass",
  unknown: "open",
  behind: "open",
  stated: "informational",
  "not-applicable": "notApplicable",
} as const satisfies Record<Finding["status"], string>;

const levels = { critical: "error", high: "error", medium: "warning", low: "note" } as const satisfies Record<
  Severity,
  string
>;

/** On the scale of CVSS, as those read it who show SARIF. */
const scores = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.5" } as const satisfies Record<Severity, string>;

/** The posture as SARIF 2.1.0 (OASIS Standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/). */
export const sarifReport = (posture: HomePosture, checks: readonly CheckFacts[]): string => {
  const ids = checks.map(({ id }) => id);
  const results = [
    ...posture.findings.map((finding) => resultOf(finding, "The home", ids)),
    ...posture.cameras.flatMap(({ name, findings }) => findings.map((finding) => resultOf(finding, name, ids))),
  ];
  const driver = {
    name: "Gatehouse",
    informationUri: "https://www.npmjs.com/package/@gatehouse/gateway-bridge",
    rules: checks.map(ruleOf),
  };
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
};

const ruleOf = ({ id, title, why, severity, provision, ncsc }: CheckFacts) => ({
  id,
  shortDescription: { text: title },
  fullDescription: { text: why.join(" ") },
  defaultConfiguration: { level: levels[severity] },
  properties: {
    "security-severity": scores[severity],
    provision: `ETSI EN 303 645 V2.1.1, ${provision}, not checked against the text`,
    ...(ncsc !== null && { ncsc }),
  },
});

const resultOf = (finding: Finding, place: string, ids: readonly string[]) => {
  const { check, camera, status, severity, title, evidence, note, acceptance } = finding;
  const kind = kinds[status];
  const words = [title, ...evidence, ...(note === null ? [] : [note])];
  const text = words.map((sentence) => (/[.?!]$/.test(sentence) ? sentence : `${sentence}.`)).join(" ");
  return {
    ruleId: check,
    ruleIndex: ids.indexOf(check),
    kind,
    level: kind === "fail" ? levels[severity] : "none",
    message: { text },
    locations: [{ logicalLocations: [{ name: place, fullyQualifiedName: camera ?? "home", kind: "resource" }] }],
    partialFingerprints: { "finding/v1": `${check}/${camera ?? "home"}` },
    ...(acceptance !== null && {
      suppressions: [
        {
          kind: "external",
          status: "accepted",
          justification: `${acceptance.name}, until ${new Date(acceptance.until).toISOString().slice(0, 10)}: ${acceptance.reason}`,
        },
      ],
    }),
  };
};
