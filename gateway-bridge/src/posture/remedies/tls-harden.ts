import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { z } from "zod";

import {
  getAssignedServerCertificates,
  getEnabledTlsVersions,
  setEnabledTlsVersions,
} from "../../protocols/onvif/management/certificates.ts";
import { getDeviceInformation } from "../../protocols/onvif/management/firmware.ts";
import {
  getSecurityCapabilities,
  type SecurityCapabilities,
} from "../../protocols/onvif/management/security-capabilities.ts";
import type { MendedCamera, MendTools, Remedy, Unfit } from "../remedy.ts";
import { announcedPin, announcePin } from "./announced-pin.ts";
import { assignAsBefore, assignOnly } from "./certificate-assignment.ts";
import { chooseKey, type KeyChoice } from "./key-choice-policy.ts";
import { dropCertificate, orderCertificate } from "./server-certificate.ts";
import { onlyOnvif } from "./setting-remedy.ts";
import { comesToShow, inWords, shownAt, tlsPortOf } from "./shown-key.ts";

const Was = z.strictObject({
  url: z.string(),
  pin: z.string(),
  alias: z.string(),
  assigned: z.array(z.string()),
  /** Null where they cannot be switched. */
  versions: z.array(z.string()).nullable(),
});
type Was = z.infer<typeof Was>;

const purpose = "tls-harden";
const gateway = { kind: "gateway" } as const;
/** What is not given up (RFC 8996). */
const sound = ["1.2", "1.3"];

/** Gives a camera that speaks TLS badly a new key of its own, and has it give up the old versions. */
export const tlsHarden: Remedy = {
  id: purpose,
  plane: "onvif",
  proven: false,

  async preview(camera, cancel) {
    const ready = await readiness(camera, cancel);
    if ("unfit" in ready) return ready;
    const { key, versions } = ready;
    return {
      steps: [
        `Have the camera make itself a new key (${key.kind === "ecc" ? "P-256" : `RSA, ${key.bits} bits`}) and a certificate`,
        ...(versions === undefined ? [] : [`Have it speak TLS ${versions.join(" and ")} alone`]),
        "See that the camera shows the new key, and go by that from then on",
      ],
      stops: [
        "Whatever trusts the camera's certificate of before has to trust the new one once",
        ...(versions === undefined
          ? []
          : ["Apps and recorders so old that they know TLS 1.1 at best no longer reach it by HTTPS"]),
      ],
      undoable: true,
    };
  },

  async remember(camera, _tools, cancel) {
    const onvif = await camera.onvif.as(gateway, cancel);
    const { switchesTlsVersions } = await getSecurityCapabilities(onvif, cancel);
    return Was.parse({
      url: camera.device.href,
      pin: camera.pin,
      alias: `gatehouse-${randomBytes(4).toString("hex")}`,
      assigned: [...(await getAssignedServerCertificates(onvif, cancel))],
      versions: switchesTlsVersions ? [...(await getEnabledTlsVersions(onvif, cancel))] : null,
    });
  },

  async apply(camera, before, tools, cancel) {
    const was = Was.parse(before);
    const announced = announcedPin(camera, tools, purpose);
    const at = placeOf(camera, was);
    // It was cut off when the camera had changed already: nobody can log in to it by the key of before any more.
    const shown = (await shownAt(camera, at.port, cancel))?.pin;
    if (announced === undefined || shown !== announced) await change(camera, { was, tools }, cancel);
    const pin = announcedPin(camera, tools, purpose);
    if (pin === undefined || !(await comesToShow(camera, { port: at.port, pin, clock: tools.clock }, cancel))) {
      throw new GatehouseError("remedy-failed", "The camera does not show the key that it made.");
    }
    if (camera.pin !== pin) await tools.camera.relocate(camera.id, { url: at.url, pin });
  },

  async verify(camera, before, _tools, cancel) {
    const { port } = placeOf(camera, Was.parse(before));
    const shown = await shownAt(camera, port, cancel);
    if (shown === undefined || shown.pin !== camera.pin) {
      return { kind: "not-fixed", why: "The camera shows another key than the one it made." };
    }
    const old = await camera.ports.tls(port, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }, cancel);
    if (old !== undefined) return { kind: "not-fixed", why: `The camera still takes ${old.protocol}.` };
    await getDeviceInformation(await camera.onvif.as(gateway, cancel), cancel);
    return {
      kind: "fixed",
      evidence: [
        `Port ${port} speaks ${shown.protocol} and shows ${inWords(shown.pin)} (${shown.keyType}, ${shown.keyBits} bits).`,
        "It takes nothing older than TLS 1.2.",
        "ONVIF took the gateway's login over it.",
      ],
    };
  },

  async undo(camera, before, tools, cancel) {
    const was = Was.parse(before);
    const at = placeOf(camera, was);
    const shown = (await shownAt(camera, at.port, cancel))?.pin;
    // Cut off when the camera showed its former key again already: only the gateway has to follow.
    if (shown !== was.pin) await takeBack(camera, { was, tools }, cancel);
    if (!(await comesToShow(camera, { port: at.port, pin: was.pin, clock: tools.clock }, cancel))) {
      throw new GatehouseError("camera-unreachable", "The camera does not show its key of before yet.");
    }
    if (camera.pin !== was.pin) await tools.camera.relocate(camera.id, { url: at.url, pin: was.pin });
  },
};

interface Ready {
  readonly key: KeyChoice;
  /** Undefined where they cannot be switched, or need not be. */
  readonly versions: readonly string[] | undefined;
}

const readiness = async (camera: MendedCamera, cancel: Cancellable): Promise<Ready | Unfit> => {
  if (camera.kind !== "onvif") return onlyOnvif;
  if (camera.device.protocol !== "https:" || camera.pin === null) {
    return { unfit: "Gatehouse itself speaks to this camera without TLS. Switch HTTPS on first." };
  }
  const onvif = await camera.onvif.as(gateway, cancel);
  const helpless = { unfit: "The camera lets nobody change its keys by ONVIF. Load a certificate at its page." };
  if (!onvif.has("security")) return helpless;
  const capabilities = await getSecurityCapabilities(onvif, cancel);
  const key = chooseKey(capabilities);
  if (key === undefined || !capabilities.selfSigned) return helpless;
  return { key, versions: versionsOf(capabilities) };
};

const versionsOf = ({ switchesTlsVersions, tlsVersions }: SecurityCapabilities): readonly string[] | undefined => {
  const kept = tlsVersions.filter((version) => sound.includes(version));
  return switchesTlsVersions && kept.length > 0 ? kept : undefined;
};

const placeOf = ({ device }: MendedCamera, { url }: Was): { readonly port: number; readonly url: URL } => ({
  port: tlsPortOf(device) ?? 443,
  url: new URL(url),
});

interface Changing {
  readonly was: Was;
  readonly tools: MendTools;
}

/** The last thing is what ends the gateway's own way in: all else is told before it. */
const change = async (camera: MendedCamera, { was, tools }: Changing, cancel: Cancellable): Promise<void> => {
  const onvif = await camera.onvif.as(gateway, cancel);
  const capabilities = await getSecurityCapabilities(onvif, cancel);
  const key = chooseKey(capabilities);
  if (key === undefined) throw new GatehouseError("remedy-unfit", "The camera makes no key that is long enough.");
  const order = { alias: was.alias, commonName: camera.host, key, clock: tools.clock };
  const { pathId, pin } = await orderCertificate(onvif, order, cancel);
  const versions = versionsOf(capabilities);
  if (versions !== undefined) await setEnabledTlsVersions(onvif, versions, cancel);
  announcePin(camera, tools, purpose, pin);
  await assignOnly(onvif, pathId, cancel);
};

const takeBack = async (camera: MendedCamera, { was }: Changing, cancel: Cancellable): Promise<void> => {
  const onvif = await camera.onvif.as(gateway, cancel);
  if (was.versions !== null && was.versions.length > 0) await setEnabledTlsVersions(onvif, was.versions, cancel);
  await assignAsBefore(onvif, was.assigned, cancel);
  // What is no longer shown takes no harm, and most cameras close the connection that it was shown on.
  await dropCertificate(onvif, was.alias, cancel).catch(() => undefined);
};
