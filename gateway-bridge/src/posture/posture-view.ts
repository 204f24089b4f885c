import type { Acceptance, CameraId, CameraPosture, Finding, Severity, Statement } from "@gatehouse/shared";

import type { CameraRecord } from "../domain/camera.ts";
import type { Check, CheckFacts, StatedCheck } from "./check.ts";
import type { KnownFinding } from "./finding-policy.ts";
import { withCheckAgain } from "./guides/check-again.ts";
import { guideFor, type GuidedCamera, type WebPage } from "./guides/guide-for.ts";
import type { KeptAcceptance } from "./posture-store.ts";
import { gradeOf, tally } from "./report/grade-policy.ts";
import type { Vendor } from "./probe/probed-camera.ts";
import { vendorOf } from "./vendor-policy.ts";

/** Remedies that there are, and whether they were seen to work on real cameras. */
export type KnownRemedies = readonly {
  readonly id: string;
  readonly plane: string;
  readonly proven: boolean;
  readonly makers?: readonly Vendor[];
}[];

export interface Facts {
  readonly check: Check;
  readonly camera: CameraRecord | null;
  readonly known: KnownFinding | undefined;
  readonly accepted: KeptAcceptance | undefined;
  readonly statement: Statement | null;
  readonly routerPage: string | null;
  /** Where the camera's page was seen last. */
  readonly page: WebPage | undefined;
  readonly remedies: KnownRemedies;
  readonly now: number;
}

const severities: readonly Severity[] = ["low", "medium", "high", "critical"];

/** One observation as people see it. */
export const viewFinding = (facts: Facts): Finding => {
  const { check, camera, statement } = facts;
  const seen = check.scope === "stated" ? viewStatement(check, statement) : viewKnown(facts.known, check);
  const acceptance = acceptanceOf(facts, seen);
  return {
    check: check.id,
    camera: camera?.id ?? null,
    title: check.title,
    why: [check.why[0], check.why[1]],
    provision: check.provision,
    ncsc: check.ncsc,
    guide: guideOf(facts),
    remedies: remediesOf(facts),
    statement: check.scope === "stated" ? statement : null,
    ...seen,
    status: acceptance === null ? seen.status : "accepted",
    acceptance,
  };
};

type SeenPart = Pick<Finding, "status" | "severity" | "evidence" | "since" | "seen" | "note">;

const viewKnown = (known: KnownFinding | undefined, { severity }: CheckFacts): SeenPart => {
  if (known === undefined) {
    return { status: "unknown", severity, evidence: [], since: null, seen: null, note: "Nobody has looked yet." };
  }
  const { status, evidence, since, seen, note } = known;
  return { status, severity: known.severity, evidence: [...evidence], since, seen, note };
};

/** Never `passed`: nobody has measured it. */
const viewStatement = ({ severity, question }: StatedCheck, statement: Statement | null): SeenPart => {
  if (statement === null) return { status: "unknown", severity, evidence: [], since: null, seen: null, note: question };
  const { holds, name, at } = statement;
  const day = new Date(at).toISOString().slice(0, 10);
  const evidence = [`Stated by ${name} on ${day}: ${question} ${holds ? "Yes." : "No."}`];
  return { status: holds ? "stated" : "failed", severity, evidence, since: at, seen: at, note: null };
};

/** Whether it is this weakness that was accepted: not one that has become worse since. */
export const covers = (
  { severity: accepted }: Pick<KeptAcceptance, "severity">,
  { status, severity }: Pick<Finding, "status" | "severity">,
): boolean => status === "failed" && severities.indexOf(severity) <= severities.indexOf(accepted);

/** It ends by itself. */
const acceptanceOf = ({ accepted, now }: Facts, seen: SeenPart): Acceptance | null =>
  accepted !== undefined && accepted.acceptance.until > now && covers(accepted, seen) ? accepted.acceptance : null;

/** Those that there are; of makers' own words, only what this camera's maker has, where that is known. */
const remediesOf = ({ check, camera, remedies: known }: Facts): Finding["remedies"] => {
  const maker = camera === null || camera.description.manufacturer === "" ? undefined : vendorOfRecord(camera);
  return check.remedies.flatMap(({ remedy, plane }) => {
    const found = known.find((each) => each.id === remedy && each.plane === plane);
    if (found === undefined || (maker !== undefined && found.makers?.includes(maker) === false)) return [];
    return [{ remedy, plane, proven: found.proven }];
  });
};

const vendorOfRecord = ({ url, description: { manufacturer, model } }: CameraRecord): Vendor =>
  vendorOf({ manufacturer, model, stream: new URL(url).pathname });

const guideOf = (facts: Facts): Finding["guide"] => {
  const { check, camera } = facts;
  const guide = stepsOf(facts);
  // What only the owner can know is said by them, and not looked at.
  if (guide === null || check.scope === "stated") return guide;
  return withCheckAgain(guide, { check: check.id, camera: camera?.id ?? null });
};

const stepsOf = ({ check, camera, routerPage, page }: Facts): Finding["guide"] => {
  const guided = camera === null ? null : guidedCamera(camera, page);
  if (check.scope === "camera") return guided && check.guide(guided);
  // Of a camera, though it takes a look at all of them.
  const own = guided !== null && check.id.startsWith("CAM-") ? guideFor(check.id, guided) : null;
  return own ?? check.guide({ routerPage });
};

const guidedCamera = (camera: CameraRecord, page: WebPage | undefined): GuidedCamera => {
  const device = new URL(camera.url);
  const { manufacturer, model, firmware, serial } = camera.description;
  const identity = { manufacturer, model, firmware, serial, vendor: vendorOfRecord(camera) };
  return { host: device.hostname, device, identity, page };
};

/** One camera, as far as it was looked at. */
export const viewCamera = (
  { id, name }: CameraRecord,
  findings: readonly Finding[],
  look: Pick<CameraPosture, "consent" | "inspectedAt" | "trend">,
): CameraPosture => {
  const counted = tally(findings);
  const grade = look.inspectedAt === null ? null : gradeOf(findings);
  return { camera: id, name, grade, tally: counted, findings: [...findings], ...look };
};

export const isOf =
  (camera: CameraId | null) =>
  (finding: { readonly camera: CameraId | null }): boolean =>
    finding.camera === camera;
