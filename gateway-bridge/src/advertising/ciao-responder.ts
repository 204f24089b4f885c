import type { OpenResponder } from "./advertiser.ts";

/** DNS-based service discovery by `@homebridge/ciao`, which follows this box's addresses by itself. RFC 6762, RFC 6763 */
export const openCiaoResponder: OpenResponder = async ({ id, port, address }, { interfaces, onTaken }) => {
  // Loaded where it is used alone: it opens sockets, and changes how stack traces look.
  const { default: ciao } = await import("@homebridge/ciao");
  // Named, because it would ask a shell for them, and not understand those of containers.
  const responder = ciao.getResponder({ interface: address ?? [...interfaces] });
  const service = responder.createService({
    name: id,
    type: "gatehouse",
    port,
    hostname: id,
    txt: { id },
    ...(address !== undefined && { restrictedAddresses: [address] }),
  });
  service.on("name-change", onTaken);
  service.on("hostname-change", onTaken);
  try {
    await service.advertise();
  } catch (error) {
    await responder.shutdown();
    throw error;
  }
  return { [Symbol.asyncDispose]: () => responder.shutdown() };
};
