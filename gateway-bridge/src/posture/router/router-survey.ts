import { isGatehouseError, type CameraId, type Cancellable, type Clock, type Logger, type RouterMapping, type RouterReport } from "@gatehouse/shared"; // prettier-ignore

import { IgdClient, type Ipv6Firewall } from "../../protocols/igd/igd-client.ts";
import type { IgdDescription, IgdService } from "../../protocols/igd/igd-description.ts";
import { keyOf, type PortMapping } from "../../protocols/igd/port-mapping.ts";
import { externalAddressRequest, natPmpPort, readExternalAddress } from "../../protocols/nat-pmp/external-address.ts";
import { announceRequest, pcpPort, readAnnounceAnswer } from "../../protocols/pcp/announce.ts";
import { ask } from "../../protocols/udp/ask.ts";
import type { RouterCandidate } from "./find-routers.ts";

export type ReportedRouter = RouterReport["routers"][number];

/** A mapping, and by which service of which router it can be removed. */
export interface HeldMapping {
  readonly router: string;
  readonly service: IgdService;
  readonly mapping: PortMapping;
}

export interface SurveyedRouter {
  readonly router: ReportedRouter;
  readonly held: readonly HeldMapping[];
}

export interface SurveyOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The camera that has this address, if any. */
  readonly cameraAt: (address: string) => CameraId | null;
  /** Where NAT-PMP and PCP are spoken; their own port unless a test says otherwise. */
  readonly controlPort?: number | undefined;
}

const mostMappings = 512;

/** Asks one router all that it tells. Undefined where it is none, and not this box's way out either. */
export const surveyRouter = async (
  candidate: RouterCandidate,
  options: SurveyOptions,
  cancel: Cancellable,
): Promise<SurveyedRouter | undefined> => {
  const [natPmp, pcp, igd] = await Promise.all([
    askNatPmp(candidate, options, cancel),
    askPcp(candidate, options, cancel),
    askIgd(candidate, options, cancel),
  ]);
  if (!candidate.isDefaultGateway && igd === undefined && natPmp === undefined && pcp === undefined) return undefined;
  const router = {
    name: igd?.description.name ?? candidate.address,
    address: candidate.address,
    igd: igd?.description.version ?? null,
    natPmp: natPmp?.kind === "on",
    pcp: pcp === "on",
    externalAddress: igd?.externalAddress ?? (natPmp?.kind === "on" ? natPmp.address : null),
    page: igd?.description.page?.href ?? null,
    ipv6Firewall: igd?.ipv6Firewall ?? null,
    mappings: igd?.held.map(({ mapping }) => toContract(mapping, options)) ?? [],
    complete: igd?.complete ?? (natPmp?.kind !== "on" && pcp !== "on"),
  };
  return { router, held: igd?.held ?? [] };
};

const askNatPmp = (
  { address }: RouterCandidate,
  { clock, controlPort: port = natPmpPort }: SurveyOptions,
  cancel: Cancellable,
) => ask({ clock, address, port, datagram: externalAddressRequest, read: readExternalAddress }, cancel);

const askPcp = (
  { address }: RouterCandidate,
  { clock, controlPort: port = pcpPort }: SurveyOptions,
  cancel: Cancellable,
) => ask({ clock, address, port, datagram: announceRequest, read: readAnnounceAnswer }, cancel);

interface IgdTold {
  readonly description: IgdDescription;
  readonly externalAddress: string | null;
  readonly ipv6Firewall: Ipv6Firewall | undefined;
  readonly held: readonly HeldMapping[];
  readonly complete: boolean;
}

const askIgd = async (
  { address, locations }: RouterCandidate,
  { clock, log }: SurveyOptions,
  cancel: Cancellable,
): Promise<IgdTold | undefined> => {
  using client = new IgdClient({ address, clock, mostMappings });
  const trouble =
    (what: string) =>
    (error: unknown): undefined => {
      cancel.signal.throwIfAborted();
      if (!isGatehouseError(error)) throw error;
      log.warn("a router could not be asked", { router: address, what, code: error.code, why: error.message });
    };
  for (const location of locations) {
    const description = await client.describe(location, cancel).catch(trouble("description"));
    if (description === undefined) continue;
    return { description, ...(await askServices(client, { address, description, trouble }, cancel)) };
  }
  return undefined;
};

interface Asked {
  readonly address: string;
  readonly description: IgdDescription;
  readonly trouble: (what: string) => (error: unknown) => undefined;
}

const askServices = async (
  client: IgdClient,
  asked: Asked,
  cancel: Cancellable,
): Promise<Omit<IgdTold, "description">> => {
  const { address, description, trouble } = asked;
  const held = new Map<string, HeldMapping>();
  const services = description.services.filter(({ kind }) => kind === "mappings");
  let externalAddress: string | null = null;
  let complete = services.length > 0;
  for (const service of services) {
    externalAddress ??= (await client.externalAddress(service, cancel).catch(trouble("address"))) ?? null;
    const list = await client.mappings(service, cancel).catch(trouble("mappings"));
    complete &&= list?.complete ?? false;
    for (const mapping of list?.mappings ?? []) {
      const key = keyOf(mapping);
      if (held.size < mostMappings && !held.has(key)) held.set(key, { router: address, service, mapping });
    }
  }
  const firewall = description.services.find(({ kind }) => kind === "ipv6-firewall");
  const ipv6Firewall = firewall && (await client.ipv6Firewall(firewall, cancel).catch(trouble("firewall")));
  return { externalAddress, ipv6Firewall, held: [...held.values()], complete };
};

const toContract = (mapping: PortMapping, { cameraAt }: Pick<SurveyOptions, "cameraAt">): RouterMapping => {
  const { protocol, externalPort, internalClient, internalPort, description, lease, enabled } = mapping;
  const camera = cameraAt(internalClient);
  return { protocol, externalPort, internalClient, internalPort, description, lease, enabled, camera };
};
