import { authSchemes, type AuthMemory, type AuthScheme } from "../domain/camera.ts";

/** What a camera logs viewers in for. Each has a web server of its own in many cameras, with logins of its own strength. */
export const loginPurposes = ["onvif", "snapshot", "rtsp"] as const;
export type LoginPurpose = (typeof loginPurposes)[number];

export type AuthMemories = Readonly<Record<LoginPurpose, AuthMemory>>;
export type AuthFloors = Readonly<Record<LoginPurpose, AuthScheme>>;

/** A memory that starts at a floor and tells when it rises. */
export class RisingMemory implements AuthMemory {
  readonly #risen: (floor: AuthScheme) => void;
  #floor: AuthScheme;

  constructor(floor: AuthScheme, risen: (floor: AuthScheme) => void = () => undefined) {
    this.#floor = floor;
    this.#risen = risen;
  }

  get floor(): AuthScheme {
    return this.#floor;
  }

  raise(scheme: AuthScheme): void {
    if (authSchemes.indexOf(scheme) <= authSchemes.indexOf(this.#floor)) return;
    this.#risen(scheme);
    this.#floor = scheme;
  }
}

/** Memories of a camera that is not known yet. */
export const freshMemories = (): AuthMemories => ({
  onvif: new RisingMemory("none"),
  snapshot: new RisingMemory("none"),
  rtsp: new RisingMemory("none"),
});
