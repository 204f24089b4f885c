import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getScopes } from "../../protocols/onvif/management/discovery.ts";
import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { textAt } from "../../protocols/xml/xml-element.ts";
import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { accountsOf, askOnvif } from "../questions/ask-onvif.ts";
import { vendorDoor } from "../vendor/vendor-door.ts";

/** ONVIF Profile Q 7.2: a camera without an administrator's password says so, and lets everybody do everything. */
const isFactoryScope = (scope: string): boolean =>
  /^onvif:\/\/www\.onvif\.org\/Profile\/Q\/FactoryDefault$/i.test(scope);
const factoryEvidence = "It says of itself that it is as it left the factory (Profile Q, FactoryDefault).";

export const camInit: CameraCheck = {
  id: "CAM-INIT",
  scope: "camera",
  severity: "critical",
  title: "It was never set up",
  why: [
    "A camera in the state in which it left the factory asks nobody for a password.",
    "Whoever is first to give it one owns it, and can lock you out.",
  ],
  provision: "5.1-1, 5.12-1",
  ncsc: "change-default-password",
  remedies: [{ remedy: "initialise", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-INIT", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("Only ONVIF tells whether a camera was set up.");
    const told = await scopesFor("nobody", camera, cancel);
    if (told?.some(isFactoryScope) === true) return failed(factoryEvidence);
    const activated = await activation(camera, cancel);
    if (activated === false) return failed("It says of itself that it is not activated yet.");
    // Last, because a camera that is not set up knows no login, and may count the gateway's as a wrong one.
    const known = await scopesFor("gateway", camera, cancel);
    if (known?.some(isFactoryScope) === true) return failed(factoryEvidence);
    if (await saysUninitialised(camera, cancel)) return failed("Its page says that it is not initialised yet.");
    if (known !== undefined || activated === true) return passed();
    return unknown("It does not tell what state it is in.");
  },
};

const scopesFor = async (
  as: "nobody" | "gateway",
  camera: ProbedCamera,
  cancel: Cancellable,
): Promise<readonly string[] | undefined> => {
  const asked = askOnvif(camera, { as, what: "GetScopes", ask: getScopes }, cancel);
  const scopes = as === "nobody" ? await asked : await unlessRefused(asked);
  return scopes?.kind === "answer" ? scopes.value.map(({ uri }) => uri) : undefined;
};

/** Undefined where the gateway's login may not be sent now: that alone may be because the camera knows none. */
const unlessRefused = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (isGatehouseError(error) && error.code === "probe-refused") return undefined;
    throw error;
  }
};

/** Hikvision's page tells everybody (GET /SDK/activateStatus); undefined where it does not, and of all others. */
const activation = async (camera: ProbedCamera, cancel: Cancellable): Promise<boolean | undefined> => {
  // One that answers no questions may not tell either who made it.
  if (!["hikvision", "other"].includes(camera.identity.vendor)) return undefined;
  try {
    const to = { method: "GET", path: "/SDK/activateStatus" } as const;
    const { status, body } = await camera.http.request(to, { kind: "nobody" }, cancel);
    if (status !== 200) return undefined;
    const told = textAt(parseXml(body), "Activated").toLowerCase();
    return told === "true" ? true : told === "false" ? false : undefined;
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") return undefined;
    throw error;
  }
};

/**
 * Reolink's page answers every login so (rspCode -505), whoever it is. Asked without a name and a password, so that it is no guess, and only
 * where the camera does not list the gateway's account: one that lets everybody ask would answer the gateway, too.
 */
const saysUninitialised = async (camera: ProbedCamera, cancel: Cancellable): Promise<boolean> => {
  if (camera.identity.vendor !== "reolink") return false;
  const accounts = await unlessRefused(accountsOf(camera, cancel));
  if (accounts?.kind === "answer" && accounts.value.some(({ username }) => username === camera.username)) return false;
  const door = await vendorDoor(camera, cancel);
  if (door === undefined) return false;
  const body = Buffer.from('[{"cmd":"Login","action":0,"param":{}}]');
  const to = { method: "POST", path: "/cgi-bin/api.cgi?cmd=Login", body, ...door } as const;
  const answer = await camera.http.request(to, { kind: "nobody" }, cancel);
  return /"rspCode"\s*:\s*-505\b/.test(answer.body.toString("latin1"));
};
