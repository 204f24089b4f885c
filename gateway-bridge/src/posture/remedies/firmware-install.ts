import { GatehouseError, isGatehouseError, writePrivateFile, type Cancellable } from "@gatehouse/shared";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { isUnsupported, unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getDeviceCapabilities } from "../../protocols/onvif/management/capabilities.ts";
import { getSystemBackup, startFirmwareUpgrade } from "../../protocols/onvif/management/firmware.ts";
import type { StreamedBody } from "../../protocols/http/http-client.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { Before, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { FirmwareFolder, type FirmwareFile } from "./firmware-folder.ts";
import { isForModel } from "./firmware-policy.ts";
import { serverOf } from "./login-places.ts";

/** A slow camera over Wi-Fi. */
const uploadMs = 10 * 60_000;
const longestBackup = 32 * 1_048_576;
/** Cameras answer for a moment longer before they restart. */
const shortestDownTimeMs = 10_000;
const longestDownTimeMs = 10 * 60_000;

const Installed = z.strictObject({ model: z.string(), firmware: z.string(), file: z.string() });

/** Installs a firmware file that the owner chose by its hash, never by itself. It cannot be taken back. */
export class FirmwareInstall implements Remedy {
  readonly id = "firmware-install";
  readonly plane = "onvif";
  readonly proven = false;
  readonly #folder: string;
  readonly #files: FirmwareFolder;

  /** @param folder where the owner lays files; copies of settings go into `settings` below it */
  constructor(folder: string) {
    this.#folder = folder;
    this.#files = new FirmwareFolder(folder);
  }

  async preview(camera: MendedCamera, cancel: Cancellable): Promise<Preview | Unfit> {
    if (camera.kind !== "onvif") return { unfit: "Only by ONVIF can firmware be installed." };
    const file = await this.#chosen(camera, cancel);
    if ("unfit" in file) return file;
    const onvif = await camera.onvif.as({ kind: "gateway" }, cancel);
    const capabilities = await unlessUnsupported(getDeviceCapabilities(onvif, cancel));
    if (capabilities?.system.httpFirmwareUpgrade === false) {
      return { unfit: "The camera takes firmware at its own page only." };
    }
    const { model, firmware } = await getDeviceInformation(onvif, cancel);
    const size = `${(file.bytes / 1_048_576).toFixed(1)} MB`;
    return {
      steps: [
        "Keep a copy of the camera's settings in the data folder, where the camera hands one out.",
        `Send ${file.name} (${size}, SHA-256 ${file.sha256.slice(0, 16)}…) to the ${model}, which has ${firmware} now.`,
        "Wait until it is back, and see that it has another firmware.",
      ],
      stops: ["The camera is away for some minutes. Cut its power meanwhile and it may never start again."],
      undoable: false,
    };
  }

  async remember(camera: MendedCamera, tools: MendTools, cancel: Cancellable): Promise<Before> {
    const file = await this.#chosen(camera, cancel);
    if ("unfit" in file) throw new GatehouseError("firmware-unfit", file.unfit);
    const onvif = await camera.onvif.as({ kind: "gateway" }, cancel);
    const { model, firmware } = await getDeviceInformation(onvif, cancel);
    await this.#keepSettings(camera, onvif, tools, cancel);
    return Installed.parse({ model, firmware, file: file.name });
  }

  async apply(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    const onvif = await camera.onvif.as({ kind: "gateway" }, cancel);
    const now = await getDeviceInformation(onvif, cancel);
    if (now.firmware !== Installed.parse(before).firmware) return;
    const file = await this.#chosen(camera, cancel);
    if ("unfit" in file) throw new GatehouseError("firmware-unfit", file.unfit);
    const { url, delayMs, downTimeMs = 0 } = await startFirmwareUpgrade(onvif, cancel);
    await tools.clock.delay(delayMs, cancel);
    await upload(camera, { url, body: this.#files.content(file) }, cancel);
    await tools.clock.delay(Math.min(Math.max(downTimeMs, shortestDownTimeMs), longestDownTimeMs), cancel);
  }

  /** Whatever stands in the way of asking is tried again by whoever calls: the camera restarts. */
  async verify(camera: MendedCamera, before: Before, _tools: MendTools, cancel: Cancellable): Promise<Verdict> {
    const was = Installed.parse(before);
    const now = await getDeviceInformation(await camera.onvif.as({ kind: "gateway" }, cancel), cancel);
    if (now.model !== was.model) return { kind: "not-fixed", why: `The camera calls itself ${now.model} now.` };
    if (now.firmware !== was.firmware) {
      return { kind: "fixed", evidence: [`${was.file} was installed: ${was.firmware} before, ${now.firmware} now.`] };
    }
    throw new GatehouseError("remedy-failed", `The camera still has the firmware ${now.firmware}.`);
  }

  async undo(camera: MendedCamera, before: Before, _tools: MendTools, cancel: Cancellable): Promise<void> {
    const was = Installed.parse(before);
    const now = await getDeviceInformation(await camera.onvif.as({ kind: "gateway" }, cancel), cancel);
    if (now.firmware === was.firmware) return;
    throw new GatehouseError("remedy-failed", `The camera has the firmware ${now.firmware} now.`);
  }

  async #chosen(camera: MendedCamera, cancel: Cancellable): Promise<FirmwareFile | Unfit> {
    const { firmware } = camera.options;
    if (firmware === undefined)
      return { unfit: "Give the file that is to be installed: `gatehouse firmware install`." };
    const files = this.#files;
    const file = (await files.list(cancel)).find(({ sha256 }) => sha256 === firmware);
    if (file === undefined) return { unfit: "There is no file of that SHA-256 in the folder for firmware." };
    const { model } = camera.identity;
    if (isForModel(model, { name: file.name, head: await files.head(file) })) return file;
    return { unfit: `${file.name} does not say that it is for the ${model}. Its name has to hold the model's.` };
  }

  /** The owner's to put back at the camera's page; it may hold passwords, so it is for the gateway's user alone. */
  async #keepSettings(camera: MendedCamera, onvif: OnvifCaller, tools: MendTools, cancel: Cancellable): Promise<void> {
    try {
      const url = await getSystemBackup(onvif, cancel);
      const to = { method: "GET", ...serverOf(url), limit: longestBackup, timeoutMs: uploadMs } as const;
      const { status, body } = await camera.http.request(to, { kind: "gateway" }, cancel);
      if (status !== 200) throw new GatehouseError("camera-fault", `the camera answered ${status}`);
      const folder = join(this.#folder, "settings");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const stamp = new Date(tools.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
      await writePrivateFile(join(folder, `${camera.id}-${stamp}.bin`), body);
    } catch (error) {
      if (!isUnsupported(error) && !(isGatehouseError(error) && error.code === "camera-fault")) throw error;
      tools.log.info("the camera hands out no copy of its settings");
    }
  }
}

const upload = async (
  camera: MendedCamera,
  { url, body }: { readonly url: URL; readonly body: StreamedBody },
  cancel: Cancellable,
): Promise<void> => {
  const headers = { "content-type": "application/octet-stream" };
  const to = { method: "POST", ...serverOf(url), headers, body, timeoutMs: uploadMs } as const;
  try {
    const { status } = await camera.http.request(to, { kind: "gateway" }, cancel);
    if (status < 400) return;
    throw new GatehouseError("firmware-unfit", `The camera does not take the file: it answered ${status}.`);
  } catch (error) {
    // Some restart before they have answered; whether they took it shows afterwards.
    if (!isGatehouseError(error) || error.code !== "camera-unreachable") throw error;
  }
};
