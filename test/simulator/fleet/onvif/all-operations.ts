import { clockOperations } from "./clock.ts";
import { discoveryOperations } from "./discovery.ts";
import { factOperations } from "./facts.ts";
import { firmwareOperations, wirelessOperations } from "./firmware.ts";
import { keystoreOperations } from "./keystore.ts";
import { media2Operations, mediaOperations } from "./media.ts";
import { networkOperations } from "./network.ts";
import { preAuth, type Operations } from "./operation.ts";
import { policyOperations } from "./policy.ts";
import { servicesOf, type ServiceName } from "./services.ts";
import { userOperations } from "./users.ts";

const capabilitiesOf = (name: ServiceName): Operations => ({
  GetServiceCapabilities: preAuth(
    (core) =>
      servicesOf(core)
        .find((service) => service.name === name)
        ?.capabilities(core) ?? "",
  ),
});

const all: Readonly<Record<ServiceName, Operations>> = {
  device: {
    ...capabilitiesOf("device"),
    ...factOperations,
    ...userOperations,
    ...networkOperations,
    ...clockOperations,
    ...discoveryOperations,
    ...policyOperations,
    ...firmwareOperations,
    ...wirelessOperations,
  },
  media: mediaOperations,
  media2: media2Operations,
  events: capabilitiesOf("events"),
  keystore: { ...capabilitiesOf("keystore"), ...keystoreOperations },
};

export const operationsOf = (service: ServiceName): Operations => all[service];
