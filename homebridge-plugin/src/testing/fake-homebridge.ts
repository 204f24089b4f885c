import hap from "@homebridge/hap-nodejs";
import { EventEmitter } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { API, Logging, PlatformAccessory } from "homebridge";

/** Homebridge's wrapper of an accessory, round a real one of HAP-NodeJS. */
class FakePlatformAccessory {
  readonly _associatedHAPAccessory: InstanceType<typeof hap.Accessory>;
  readonly UUID: string;
  readonly category: number;
  context: Record<string, unknown> = {};
  displayName: string;

  constructor(name: string, uuid: string, category: number) {
    this._associatedHAPAccessory = new hap.Accessory(name, uuid);
    this.displayName = name;
    this.UUID = uuid;
    this.category = category;
  }

  updateDisplayName(name: string): void {
    this.displayName = name;
    this._associatedHAPAccessory.displayName = name;
  }

  getService(...given: Parameters<InstanceType<typeof hap.Accessory>["getService"]>): unknown {
    return this._associatedHAPAccessory.getService(...given);
  }

  addService(service: typeof hap.Service.MotionSensor): unknown {
    return this._associatedHAPAccessory.addService(service);
  }

  configureController(...given: Parameters<InstanceType<typeof hap.Accessory>["configureController"]>): void {
    this._associatedHAPAccessory.configureController(...given);
  }

  removeController(...given: Parameters<InstanceType<typeof hap.Accessory>["removeController"]>): void {
    this._associatedHAPAccessory.removeController(...given);
  }
}

/** What a plugin sees of Homebridge, with the real services and controllers of HAP-NodeJS; keeps what the plugin did. */
export class FakeHomebridge extends EventEmitter {
  readonly hap = hap;
  readonly platformAccessory = FakePlatformAccessory;
  readonly registered: PlatformAccessory[] = [];
  readonly unregistered: PlatformAccessory[] = [];
  readonly updated: PlatformAccessory[] = [];
  readonly external: PlatformAccessory[] = [];
  readonly lines: string[] = [];
  readonly user: { storagePath(): string; configPath(): string };

  constructor(storage = join(tmpdir(), "no-such-homebridge")) {
    super();
    this.user = { storagePath: () => storage, configPath: () => join(storage, "config.json") };
  }

  /** As plugins take it. */
  get api(): API {
    return this as unknown as API;
  }

  /** Writes `level message` into `lines`. */
  get log(): Logging {
    const at =
      (level: string) =>
      (format: string, text: string): void =>
        void this.lines.push(`${level} ${format.replace("%s", () => text)}`);
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } as unknown as Logging;
  }

  registerPlatformAccessories(_plugin: string, _platform: string, accessories: PlatformAccessory[]): void {
    this.registered.push(...accessories);
  }

  unregisterPlatformAccessories(_plugin: string, _platform: string, accessories: PlatformAccessory[]): void {
    this.unregistered.push(...accessories);
  }

  updatePlatformAccessories(accessories: PlatformAccessory[]): void {
    this.updated.push(...accessories);
  }

  publishExternalAccessories(_plugin: string, accessories: PlatformAccessory[]): void {
    this.external.push(...accessories);
  }

  /** An accessory as Homebridge restores it from its cache. */
  restored(name: string, context: Record<string, unknown>, uuid: string): PlatformAccessory {
    const accessory = new FakePlatformAccessory(name, uuid, 17);
    accessory.context = context;
    return accessory as unknown as PlatformAccessory;
  }
}

type Sensor = "MotionDetected" | "StatusActive";

/** What HomeKit would read from an accessory's motion sensor. */
export const sensor = (accessory: PlatformAccessory | undefined, which: Sensor): unknown =>
  accessory?.getService(hap.Service.MotionSensor)?.getCharacteristic(hap.Characteristic[which]).value;

/** What HomeKit would read from an accessory's information. */
export const information = (
  accessory: PlatformAccessory | undefined,
  which: "Name" | "Manufacturer" | "Model" | "SerialNumber" | "FirmwareRevision",
): unknown =>
  accessory?.getService(hap.Service.AccessoryInformation)?.getCharacteristic(hap.Characteristic[which]).value;
