import { NetworkNamespace } from "./network-namespace.ts";
import { Router, type PortMappingOptions } from "./router.ts";

/** Who is where at home. The router's outside address is of documentation (RFC 5737), so nothing that goes astray arrives anywhere. */
export const routedHome = {
  gateway: "192.168.77.2",
  camera: "192.168.77.3",
  console: "192.168.77.4",
  router: { lan: "192.168.77.1", wan: "203.0.113.2" },
} as const;

/** A home with a gateway, a camera and a games console behind a router that gives mappings to whoever asks, and the internet outside. */
export class RoutedHome implements AsyncDisposable {
  readonly home: NetworkNamespace;
  readonly internet: NetworkNamespace;
  readonly router: Router;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: Pick<RoutedHome, "home" | "internet" | "router">, resources: AsyncDisposableStack) {
    ({ home: this.home, internet: this.internet, router: this.router } = parts);
    this.#resources = resources;
  }

  static async open(mapping: PortMappingOptions): Promise<RoutedHome> {
    await using opening = new AsyncDisposableStack();
    const [internet, home, within] = await Promise.all([
      NetworkNamespace.make(),
      NetworkNamespace.make(),
      NetworkNamespace.make(),
    ]);
    for (const network of [internet, home, within]) opening.use(network);
    const router = opening.use(
      await Router.open({ internet, within, inside: home, ...routedHome.router, name: "home", mapping }),
    );
    await home.run(`
      ip address add ${routedHome.gateway}/24 dev eth0
      ip address add ${routedHome.camera}/24 dev eth0
      ip address add ${routedHome.console}/24 dev eth0
      ip route add default via ${routedHome.router.lan}`);
    return new RoutedHome({ home, internet, router }, opening.move());
  }

  /** A device of the home asks for a mapping of its own, as devices do: by UPnP, with a program that others use. */
  async map(device: string, ports: { readonly inside: number; readonly outside: number }, seconds = 0): Promise<void> {
    const lease = seconds === 0 ? "" : ` ${seconds}`;
    // All devices are in one network, so what this one says must leave by its own address.
    const speakAs = (address: string): string => `ip route replace 192.168.77.0/24 dev eth0 src ${address}`;
    const told = await this.home.run(`
      ${speakAs(device)}
      trap '${speakAs(routedHome.gateway)}' EXIT
      upnpc -u http://${routedHome.router.lan}:5000/rootDesc.xml -a ${device} ${ports.inside} ${ports.outside} TCP${lease}`);
    if (!told.includes(`is redirected to internal ${device}:${ports.inside}`)) throw new Error(`upnpc: ${told}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
