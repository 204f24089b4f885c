import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { z } from "zod";

import { getAssignedServerCertificates } from "../../protocols/onvif/management/certificates.ts";
import { getDeviceInformation } from "../../protocols/onvif/management/firmware.ts";
import {
  getNetworkProtocols,
  setNetworkProtocols,
  type NetworkProtocol,
} from "../../protocols/onvif/management/network.ts";
import { getSecurityCapabilities } from "../../protocols/onvif/management/security-capabilities.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { assignAsBefore, assignOnly } from "./certificate-assignment.ts";
import { chooseKey, type KeyChoice } from "./key-choice-policy.ts";
import { dropCertificate, orderCertificate } from "./server-certificate.ts";
import { onlyOnvif } from "./setting-remedy.ts";
import { comesToShow, inWords, shownAt, tlsPortOf } from "./shown-key.ts";

const Was = z.strictObject({
  url: z.string(),
  /** Of what is made for the camera, so that it is found again. */
  alias: z.string(),
  https: z.strictObject({ name: z.string(), enabled: z.boolean(), ports: z.array(z.number()) }),
  /** What its TLS server showed. */
  assigned: z.array(z.string()),
});

const usualPort = 443;
const gateway = { kind: "gateway" } as const;

/** Has a camera speak TLS with a key of its own, and the gateway speak to it in no other way from then on. */
export const tlsOn: Remedy = {
  id: "tls-on",
  plane: "onvif",
  proven: false,

  async preview(camera, cancel) {
    const ready = await readiness(camera, cancel);
    return "unfit" in ready ? ready : describe(ready);
  },

  async remember(camera, _tools, cancel) {
    const onvif = await camera.onvif.as(gateway, cancel);
    const https = httpsIn(await getNetworkProtocols(onvif, cancel));
    const assigned = onvif.has("security") ? [...(await getAssignedServerCertificates(onvif, cancel))] : [];
    const alias = `gatehouse-${randomBytes(4).toString("hex")}`;
    return Was.parse({ url: camera.device.href, alias, https: { ...https, ports: [...https.ports] }, assigned });
  },

  async apply(camera, before, tools, cancel) {
    const was = Was.parse(before);
    if (camera.device.href !== was.url) return;
    const onvif = await camera.onvif.as(gateway, cancel);
    const pin = await switchOn(onvif, { camera, was, tools }, cancel);
    const url = new URL(camera.device);
    url.protocol = "https:";
    url.port = String(portIn(was.https));
    await tools.camera.relocate(camera.id, { url, pin });
  },

  verify: (camera, _before, _tools, cancel) => seenOverTls(camera, cancel),

  async undo(camera, before, tools, cancel) {
    const was = Was.parse(before);
    if (camera.device.href !== was.url) await comeBack(camera, was, tools, cancel);
    const onvif = await camera.onvif.as(gateway, cancel);
    await setNetworkProtocols(onvif, [was.https], cancel);
    if (!onvif.has("security")) return;
    await assignAsBefore(onvif, was.assigned, cancel);
    await dropCertificate(onvif, was.alias, cancel);
  },
};

interface Ready {
  readonly key: KeyChoice | undefined;
  readonly port: number;
}

const readiness = async (camera: MendedCamera, cancel: Cancellable): Promise<Ready | Unfit> => {
  if (camera.kind !== "onvif") return onlyOnvif;
  if (camera.device.protocol === "https:") return { unfit: "Gatehouse speaks to this camera by TLS already." };
  const onvif = await camera.onvif.as(gateway, cancel);
  const port = portIn(httpsIn(await getNetworkProtocols(onvif, cancel)));
  if (!onvif.has("security")) return { key: undefined, port };
  const capabilities = await getSecurityCapabilities(onvif, cancel);
  const key = chooseKey(capabilities);
  if (key === undefined || !capabilities.selfSigned) {
    return { unfit: "The camera makes no key of its own that is long enough. Load a certificate at its page." };
  }
  return { key, port };
};

const describe = ({ key, port }: Ready): Preview => ({
  steps: [
    ...(key === undefined
      ? []
      : [`Have the camera make itself a key (${keyInWords(key)}) and a certificate, good for ten years`]),
    `Switch HTTPS on, at port ${port}`,
    "See that the camera shows its key there, and speak to it by that key alone from then on",
  ],
  stops: [
    "A recorder or app that speaks to the camera by HTTPS already has to trust its new certificate once",
    "Everything that goes by HTTP goes on: switching that off is a step of its own",
  ],
  undoable: true,
});

const keyInWords = (key: KeyChoice): string => (key.kind === "ecc" ? "P-256" : `RSA, ${key.bits} bits`);

/** The key that the camera shows in the end. */
const switchOn = async (
  onvif: OnvifCaller,
  { camera, was, tools: { clock } }: Applying,
  cancel: Cancellable,
): Promise<string> => {
  const port = portIn(was.https);
  const made = onvif.has("security") ? await giveKey(onvif, { camera, was, clock }, cancel) : undefined;
  await setNetworkProtocols(onvif, [{ ...was.https, enabled: true, ports: [port] }], cancel);
  if (made === undefined) {
    // Its own certificate, from the factory: whatever it shows now, over the network that the owner added it in, is what it is known by.
    const shown = await shownAt(camera, port, cancel);
    if (shown !== undefined) return shown.pin;
  } else if (await comesToShow(camera, { port, pin: made, clock }, cancel)) return made;
  const why = made === undefined ? "nothing speaks TLS there" : "it does not show the key that it made";
  throw new GatehouseError("remedy-failed", `The camera took the order to speak TLS at port ${port}, and ${why}.`);
};

interface Applying {
  readonly camera: MendedCamera;
  readonly was: z.infer<typeof Was>;
  readonly tools: Pick<MendTools, "clock">;
}

const giveKey = async (
  onvif: OnvifCaller,
  { camera, was, clock }: Pick<Applying, "camera" | "was"> & Pick<MendTools, "clock">,
  cancel: Cancellable,
): Promise<string> => {
  const key = chooseKey(await getSecurityCapabilities(onvif, cancel));
  if (key === undefined) throw new GatehouseError("remedy-unfit", "The camera makes no key that is long enough.");
  const order = { alias: was.alias, commonName: camera.host, key, clock };
  const { pathId, pin } = await orderCertificate(onvif, order, cancel);
  await assignOnly(onvif, pathId, cancel);
  return pin;
};

/**
 * The gateway goes back to the address from before; the rest has to be told over that, because no camera says anything over a door that it is
 * told to shut. So this ends here, and is begun anew at once, by the address that is stored by now.
 */
const comeBack = async (
  camera: MendedCamera,
  { url }: z.infer<typeof Was>,
  tools: MendTools,
  cancel: Cancellable,
): Promise<never> => {
  const plain = new URL(url);
  const port = plain.port === "" ? 80 : Number(plain.port);
  if ((await camera.ports.tcp(port, cancel)).kind !== "open") {
    const why = "Nothing answers without TLS any more. Take back first that HTTP was switched off.";
    throw new GatehouseError("remedy-failed", why);
  }
  await tools.camera.relocate(camera.id, { url: plain, pin: null });
  throw new GatehouseError("remedy-conflict", "The camera is spoken to without TLS again; the rest follows.");
};

const seenOverTls = async (camera: MendedCamera, cancel: Cancellable): Promise<Verdict> => {
  const port = tlsPortOf(camera.device);
  if (port === undefined || camera.pin === null)
    return { kind: "not-fixed", why: "Gatehouse does not speak TLS to it." };
  const shown = await shownAt(camera, port, cancel);
  if (shown?.pin !== camera.pin)
    return { kind: "not-fixed", why: "The camera shows another key than the one it made." };
  const onvif = await camera.onvif.as(gateway, cancel);
  const { model } = await getDeviceInformation(onvif, cancel);
  const page = await pageStatus(camera, cancel);
  return {
    kind: "fixed",
    evidence: [
      `Port ${port} speaks ${shown.protocol} and shows ${inWords(shown.pin)}, which is what Gatehouse goes by now.`,
      `ONVIF took the gateway's login over it (${model.slice(0, 60)}).`,
      ...(page === undefined ? [] : [`Its page answers over it (HTTP ${page}).`]),
    ],
  };
};

/** A camera that serves programs alone has none. */
const pageStatus = async (camera: MendedCamera, cancel: Cancellable): Promise<number | undefined> => {
  try {
    return (await camera.http.request({ method: "GET", path: "/" }, { kind: "nobody" }, cancel)).status;
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") return undefined;
    throw error;
  }
};

const httpsIn = (protocols: readonly NetworkProtocol[]): NetworkProtocol =>
  protocols.find(({ name }) => name.toUpperCase() === "HTTPS") ?? { name: "HTTPS", enabled: false, ports: [usualPort] };

const portIn = ({ ports }: Pick<NetworkProtocol, "ports">): number => ports[0] ?? usualPort;
