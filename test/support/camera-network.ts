import { NetworkNamespace } from "./network-namespace.ts";

/** Who is where. What is outside has addresses of documentation (RFC 5737) and of nobody, so nothing that goes astray arrives anywhere. */
export const cameraNetwork = {
  gateway: "192.168.77.2",
  camera: "192.168.77.3",
  /** Another device at home, which is the router as well. */
  router: "192.168.77.1",
  internet: "203.0.113.9",
} as const;

/**
 * A home of three, each in a network namespace of its own, on one switch: a gateway that forwards nothing and says so, a camera, and a router with the
 * internet in it. A camera that is told another router really goes another way, and one whose IPv6 is off really is not there.
 */
export class CameraNetwork implements AsyncDisposable {
  readonly gateway: NetworkNamespace;
  readonly camera: NetworkNamespace;
  readonly router: NetworkNamespace;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    { gateway, camera, router }: Pick<CameraNetwork, "gateway" | "camera" | "router">,
    resources: AsyncDisposableStack,
  ) {
    this.gateway = gateway;
    this.camera = camera;
    this.router = router;
    this.#resources = resources;
  }

  static async open(): Promise<CameraNetwork> {
    await using opening = new AsyncDisposableStack();
    const make = async (): Promise<NetworkNamespace> => opening.use(await NetworkNamespace.make());
    const [gateway, camera, router] = await Promise.all([make(), make(), make()]);
    const plug = (name: string, { pid }: NetworkNamespace): string => `
      ip link add ${name} type veth peer name eth0 netns ${pid}
      ip link set ${name} master lan
      ip link set ${name} up`;
    await gateway.run(`
      echo 1 >/proc/sys/net/ipv4/ip_forward
      ip route add unreachable default
      ip link add lan type bridge mcast_snooping 0
      ip address add ${cameraNetwork.gateway}/24 dev lan
      ip link set lan up
      ip route add 239.0.0.0/8 dev lan src ${cameraNetwork.gateway}
      ${plug("camera", camera)}
      ${plug("router", router)}`);
    await camera.run(`ip address add ${cameraNetwork.camera}/24 dev eth0; ip link set eth0 up`);
    await router.run(`
      ip address add ${cameraNetwork.router}/24 dev eth0
      ip address add ${cameraNetwork.internet}/32 dev lo
      ip link set eth0 up
      ip route add 239.0.0.0/8 dev eth0 src ${cameraNetwork.router}
      ip -6 address add 2a02:8070:ffff::1/32 dev eth0 nodad`);
    return new CameraNetwork({ gateway, camera, router }, opening.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
