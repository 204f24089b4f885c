import { NetworkNamespace } from "./network-namespace.ts";
import { Router } from "./router.ts";

/** Who is where. What is on the internet has addresses of documentation (RFC 5737), so nothing that goes astray arrives anywhere. */
export const addresses = {
  home: "192.168.77.2",
  camera: "192.168.77.3",
  homeRouter: { lan: "192.168.77.1", wan: "203.0.113.2" },
  relay: "192.0.2.1",
  away: "10.44.0.2",
  awayRouter: { lan: "10.44.0.1", wan: "198.51.100.2" },
} as const;

/**
 * A home, the internet, and some place away. Home and away are behind routers as people have them: what comes from inside leaves under the
 * router's own address, and what nobody inside asked for does not come in.
 */
export class ThreeNetworks implements AsyncDisposable {
  readonly home: NetworkNamespace;
  readonly internet: NetworkNamespace;
  readonly away: NetworkNamespace;
  readonly homeRouter: Router;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<ThreeNetworks, "home" | "internet" | "away" | "homeRouter">,
    resources: AsyncDisposableStack,
  ) {
    ({ home: this.home, internet: this.internet, away: this.away, homeRouter: this.homeRouter } = parts);
    this.#resources = resources;
  }

  static async open(): Promise<ThreeNetworks> {
    await using opening = new AsyncDisposableStack();
    const internet = opening.use(await NetworkNamespace.make());
    await internet.run(`ip address add ${addresses.relay}/32 dev lo`);
    const make = async (): Promise<NetworkNamespace> => opening.use(await NetworkNamespace.make());
    const [home, away] = [await make(), await make()];
    const at = { internet, within: await make() };
    const homeRouter = opening.use(await Router.open({ ...at, ...addresses.homeRouter, inside: home, name: "home" }));
    const awayAt = { internet, within: await make() };
    opening.use(await Router.open({ ...awayAt, ...addresses.awayRouter, inside: away, name: "away" }));
    await home.run(`
      ip address add ${addresses.home}/24 dev eth0
      ip address add ${addresses.camera}/24 dev eth0
      ip route add default via ${addresses.homeRouter.lan}`);
    await away.run(`
      ip address add ${addresses.away}/24 dev eth0
      ip route add default via ${addresses.awayRouter.lan}`);
    return new ThreeNetworks({ home, internet, away, homeRouter }, opening.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
