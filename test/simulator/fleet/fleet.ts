import { seeded } from "../../support/seeded.ts";
import { brands, type Brand } from "./brands.ts";
import { FleetCamera, type FleetCameraOptions } from "./fleet-camera.ts";
import { tlsFlaws } from "./tls-keys.ts";
import { weaknessIds, type Truth, type WeaknessId } from "./weaknesses.ts";

export interface FleetDraw {
  readonly seed: number;
  /** How many cameras; 1 to 4, drawn, unless told. */
  readonly cameras?: number;
  /** How likely each weakness is. Default 0.5: each has it in half of all cameras, independently. */
  readonly likelihood?: number;
  /** Never drawn: what hides nearly everything else, say. */
  readonly without?: readonly WeaknessId[];
  /** Only of these. Default all. */
  readonly brands?: readonly Brand[];
}

/** What a fleet's cameras will be, from the seed alone: the same seed draws the same fleet. */
export const drawFleet = ({ seed, likelihood = 0.5, without = [], ...draw }: FleetDraw): FleetCameraOptions[] => {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const count = Math.floor(random() * 4) + 1;
  return Array.from({ length: draw.cameras ?? count }, () => {
    const drawn = weaknessIds.map((id) => [id, random() < likelihood && !without.includes(id)] as const);
    return {
      brand: pick(draw.brands ?? brands),
      weaknesses: Object.fromEntries(drawn),
      tlsFlaw: pick(tlsFlaws),
      anonymousRtsp: pick(["all", "other", "any"] as const),
      wired: random() < 0.5,
      // Whoever asks is then outside the camera's own network, from where alone DISC-WAN can be seen.
      prefix: 24,
    };
  });
};

/** Cameras that live and end together. */
export class Fleet implements AsyncDisposable {
  readonly cameras: readonly FleetCamera[];
  readonly #resources: AsyncDisposableStack;

  private constructor(cameras: readonly FleetCamera[], resources: AsyncDisposableStack) {
    this.cameras = cameras;
    this.#resources = resources;
  }

  static async open(options: readonly FleetCameraOptions[]): Promise<Fleet> {
    await using opening = new AsyncDisposableStack();
    const cameras: FleetCamera[] = [];
    for (const one of options) cameras.push(opening.use(await FleetCamera.open(one)));
    return new Fleet(cameras, opening.move());
  }

  /**
   * How it is with each camera, seen beside the others: a password is reused, and a key the vendor's, only where another camera of the fleet
   * has the same; alone nobody could see it.
   */
  truths(): Truth[] {
    const shared = (of: (camera: FleetCamera) => string) => {
      const all = this.cameras.map(of);
      return (camera: FleetCamera): boolean => all.filter((value) => value === of(camera)).length > 1;
    };
    const passwordShared = shared(({ facts }) => facts.password);
    const keyShared = shared(({ servedPin, facts }) => servedPin ?? facts.address);
    return this.cameras.map((camera) => {
      const { truth, tlsFlaw } = camera;
      const hidden = tlsFlaw === "shared-key" && truth["TLS-WEAK"] === "weak" && !keyShared(camera);
      return {
        ...truth,
        "CAM-PWD-REUSED": passwordShared(camera) ? "weak" : truth["CAM-PWD-REUSED"] === "weak" ? "cannot" : "sound",
        ...(hidden ? { "TLS-WEAK": "cannot" as const } : {}),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** A fleet drawn from a seed. */
export const openFleet = async (draw: FleetDraw): Promise<Fleet> => await Fleet.open(drawFleet(draw));
