import { GatehouseError, type Cancellable, type RouterMapping, type RouterReport } from "@gatehouse/shared";

import type { MendedCamera, Remedy } from "../remedy.ts";
import type { Removal } from "../router/removal-policy.ts";

/** Of HomeRouter, what this remedy needs. */
export interface MappingRemoval {
  /** What the routers hold now. */
  fresh(cancel: Cancellable): Promise<RouterReport>;
  deleteMapping(mapping: RouterMapping, cancel: Cancellable): Promise<Removal>;
}

/**
 * Has the home's router remove the forwardings that lead to this camera, and no others. It cannot be undone by the gateway, which is unable to ask
 * for a forwarding; the camera, as long as its own UPnP is on, may ask again.
 */
export const mappingDelete = (router: MappingRemoval): Remedy => ({
  id: "mapping-delete",
  plane: "router",
  proven: true,

  async preview(camera, cancel) {
    const mappings = leadingTo(camera, await router.fresh(cancel));
    if (mappings.length === 0) return { unfit: "No router holds a forwarding that leads to this camera." };
    return {
      steps: [
        ...mappings.map((mapping) => `Have the router remove the forwarding of ${inWords(mapping)}`),
        "Ask the router for its list again, and see that they are gone",
      ],
      stops: [
        "The camera can no longer be reached from the internet by itself: its maker's app, or a recorder elsewhere, may not find it when you are away",
        "Gatehouse goes on showing it to you, at home and away",
      ],
      undoable: false,
    };
  },

  async remember(camera, _tools, cancel) {
    return { mappings: leadingTo(camera, await router.fresh(cancel)) };
  },

  /** By what the router holds now: one that was cut off goes on where it was. */
  async apply(camera, _before, _tools, cancel) {
    for (const mapping of leadingTo(camera, await router.fresh(cancel))) {
      const removal = await router.deleteMapping(mapping, cancel);
      if (removal.kind === "kept") {
        throw new GatehouseError("router-refused", `The forwarding of ${inWords(mapping)} stays. ${removal.why}`, {
          remedy: removal.next,
        });
      }
    }
  },

  async verify(camera, before, _tools, cancel) {
    const report = await router.fresh(cancel);
    const left = leadingTo(camera, report);
    if (left.length > 0) {
      const again = "The camera may have asked for it again: switch its UPnP off, then remove it once more.";
      return { kind: "not-fixed", why: `The router still forwards ${left.map(inWords).join(", ")}. ${again}` };
    }
    if (!report.routers.some(({ igd }) => igd !== null) || !report.routers.every(({ complete }) => complete)) {
      return {
        kind: "not-fixed",
        why: "The router does not tell all that it holds, so nobody knows whether it is gone.",
      };
    }
    const count = Array.isArray(before["mappings"]) ? before["mappings"].length : 0;
    return {
      kind: "fixed",
      evidence: [`The router's list has none of the ${count} forwardings to this camera any more.`],
    };
  },

  /** Nothing can be brought back, and nothing has to be: what was removed let strangers in. */
  async undo() {
    await Promise.resolve();
  },
});

const leadingTo = ({ id, host }: Pick<MendedCamera, "id" | "host">, { routers }: RouterReport): RouterMapping[] =>
  routers
    .flatMap(({ mappings }) => mappings)
    .filter(({ camera, internalClient }) => camera === id || internalClient === host);

const inWords = ({ protocol, externalPort, internalPort }: RouterMapping): string =>
  `${protocol} port ${externalPort} to the camera's port ${internalPort}`;
