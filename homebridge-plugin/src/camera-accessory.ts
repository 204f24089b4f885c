import { isDeepStrictEqual } from "node:util";

import { stopped, type CameraId, type Clock, type Logger, type CameraState } from "@gatehouse/shared";
import type { API, CameraController, PlatformAccessory, Service } from "homebridge";

import { homeKitFirmware, homeKitName, homeKitText } from "./accessory-text.ts";
import type { GatewayLink } from "./gateway-link.ts";
import type { KnownCamera } from "./known-camera.ts";
import type { HostNetwork } from "./media-address-policy.ts";
import { Snapshots } from "./snapshot.ts";
import { StreamingDelegate } from "./streaming-delegate.ts";
import { parallelStreams, streamingOptions } from "./streaming-options.ts";

export interface CameraAccessoryOptions {
  readonly accessory: PlatformAccessory;
  readonly camera: KnownCamera;
  /** Whether a new name shows at once. An accessory of its own is advertised under its name, which stays until a restart. */
  readonly renames: boolean;
  readonly hap: API["hap"];
  readonly link: GatewayLink;
  readonly network: () => HostNetwork;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One camera in HomeKit: live view, snapshot and motion sensor. */
export class CameraAccessory {
  readonly accessory: PlatformAccessory;
  readonly #options: CameraAccessoryOptions;
  readonly #gone = new AbortController();
  readonly #delegate: StreamingDelegate;
  readonly #motion: Service;
  #camera: KnownCamera;
  #controller: CameraController | undefined;
  #online = false;

  constructor(options: CameraAccessoryOptions) {
    const { accessory, camera, hap, link, network, clock } = options;
    this.#options = options;
    this.accessory = accessory;
    this.#camera = camera;
    const log = options.log.child({ camera: camera.name });
    const common = { camera: camera.id, clock, log, signal: this.#gone.signal };
    const snapshots = new Snapshots({ ...common, gateway: () => link.get() });
    this.#delegate = new StreamingDelegate({ ...common, hap, link, network, snapshots });
    const { MotionSensor } = hap.Service;
    this.#motion = accessory.getService(MotionSensor) ?? accessory.addService(MotionSensor);
    this.#configureController();
    this.#rename();
    this.#describe();
    this.motion(false);
  }

  get id(): CameraId {
    return this.#camera.id;
  }

  /** Takes over what the gateway says of the camera; true if what is remembered of it changed. */
  update(camera: KnownCamera): boolean {
    const before = this.#camera;
    this.#camera = camera;
    if (before.sound !== camera.sound || before.talk !== camera.talk) this.#configureController();
    if (before.name !== camera.name && this.#options.renames) this.#rename();
    this.#describe();
    return !isDeepStrictEqual(before, camera);
  }

  /** @param state as the gateway last told it; undefined while there is no connection to the gateway */
  state(state: CameraState | undefined): void {
    this.#online = state !== undefined && state.kind !== "offline";
    if (!this.#online) this.motion(false);
    this.#motion.updateCharacteristic(this.#options.hap.Characteristic.StatusActive, this.#online);
  }

  motion(active: boolean): void {
    this.#motion.updateCharacteristic(this.#options.hap.Characteristic.MotionDetected, active);
  }

  /** The camera is no longer this plugin's to show: everything that is asked of it fails from now on. */
  close(): void {
    this.state(undefined);
    this.#gone.abort(stopped("closed"));
  }

  #configureController(): void {
    const { accessory, hap } = this.#options;
    if (this.#controller !== undefined) accessory.removeController(this.#controller);
    this.#controller = new hap.CameraController({
      cameraStreamCount: parallelStreams,
      delegate: this.#delegate,
      streamingOptions: streamingOptions(this.#camera),
      sensors: { motion: this.#motion },
    });
    accessory.configureController(this.#controller);
    // The controller takes every sensor for active at first.
    this.#motion.updateCharacteristic(hap.Characteristic.StatusActive, this.#online);
  }

  #rename(): void {
    const { accessory, hap } = this.#options;
    const shown = homeKitName(this.#camera.name);
    if (accessory.displayName !== shown) accessory.updateDisplayName(shown);
    for (const service of [accessory.getService(hap.Service.AccessoryInformation), this.#motion]) {
      service?.updateCharacteristic(hap.Characteristic.Name, shown);
    }
  }

  #describe(): void {
    const { accessory, hap } = this.#options;
    const { Characteristic, Service } = hap;
    const { id, manufacturer, model, serial, firmware } = this.#camera;
    accessory
      .getService(Service.AccessoryInformation)
      ?.updateCharacteristic(Characteristic.Manufacturer, homeKitText(manufacturer, "Unknown"))
      .updateCharacteristic(Characteristic.Model, homeKitText(model, "Camera"))
      .updateCharacteristic(Characteristic.SerialNumber, homeKitText(serial, id))
      .updateCharacteristic(Characteristic.FirmwareRevision, homeKitFirmware(firmware));
  }
}
