import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { xml, type XmlNode } from "../xml/write-xml.ts";
import { find, findAll, textAt, type XmlElement } from "../xml/xml-element.ts";
import { decideCameraUri, type CameraUri } from "./camera-uri-policy.ts";
import { namespaces, serviceNamespaces } from "./namespaces.ts";
import type { OnvifCaller } from "./onvif-caller.ts";
import { SoapClient, type SoapCall, type SoapClientOptions } from "./soap-client.ts";

export type OnvifService = keyof typeof serviceNamespaces;
const knownServices = Object.keys(serviceNamespaces) as readonly OnvifService[];

export interface OnvifCall extends Pick<SoapCall, "header" | "timeoutMs" | "limit"> {
  readonly service: OnvifService;
  readonly operation: string;
  /** The operation's arguments; their prefix `o` stands for the service's namespace. */
  readonly arguments?: readonly XmlNode[];
  /** Where to, if not to the service itself: a subscription. */
  readonly url?: URL;
  /** The operation's namespace, where it is not the service's: WS-Notification's operations. */
  readonly namespace?: string;
  /** The SOAP action, where it is not the namespace with the operation. */
  readonly action?: string;
}

/** A camera whose clock is known and whose services are found. */
export class OnvifSession implements OnvifCaller, Disposable {
  readonly #device: URL;
  readonly #soap: SoapClient;
  readonly #services: ReadonlyMap<OnvifService, URL>;

  private constructor(device: URL, soap: SoapClient, services: ReadonlyMap<OnvifService, URL>) {
    this.#device = device;
    this.#soap = soap;
    this.#services = services;
  }

  /** @throws GatehouseError as SoapClient.call */
  static async open(options: SoapClientOptions, cancel: Cancellable): Promise<OnvifSession> {
    using opening = new DisposableStack();
    const soap = opening.use(new SoapClient(options));
    // First of all: a login made by another clock would be refused.
    await soap.measureClock(cancel);
    const services = await findServices(soap, options.device, cancel);
    opening.move();
    return new OnvifSession(options.device, soap, services);
  }

  has(service: OnvifService): boolean {
    return this.#services.has(service);
  }

  get cameraNow(): number {
    return this.#soap.cameraNow;
  }

  /** @throws GatehouseError as SoapClient.call; `camera-fault` where the camera lacks the service */
  async call(call: OnvifCall, cancel: Cancellable): Promise<XmlElement> {
    const { service, operation, namespace = serviceNamespaces[service], action = `${namespace}/${operation}` } = call;
    const url = call.url ?? this.#services.get(service);
    if (url === undefined) {
      // As a camera itself says it, so that nobody has to tell the two apart.
      const details = { operation, codes: ["ActionNotSupported"], words: "" };
      throw new GatehouseError("camera-fault", `the camera has no ${service} service`, { details });
    }
    const body = xml(`o:${operation}`, { "xmlns:o": namespace }, ...(call.arguments ?? []));
    return this.#soap.call({ ...call, url, action, body }, cancel);
  }

  /**
   * An address that the camera gave, forced to the camera's host.
   * @throws GatehouseError `camera-foreign-host`, `camera-answer-malformed`
   */
  resolve(text: string, use: CameraUri["use"]): URL {
    return resolveUri({ text, use, device: this.#device });
  }

  [Symbol.dispose](): void {
    this.#soap[Symbol.dispose]();
  }
}

const resolveUri = (uri: CameraUri): URL => {
  const decision = decideCameraUri(uri);
  switch (decision.kind) {
    case "use":
      return decision.url;
    case "foreign":
      throw new GatehouseError(
        "camera-foreign-host",
        `the camera gives ${decision.host} as the address of its ${uri.use}`,
        {
          details: { host: decision.host, use: uri.use },
        },
      );
    case "malformed":
      throw new GatehouseError("camera-answer-malformed", `the camera gives no usable address of its ${uri.use}`);
  }
};

/** GetServices where the camera knows it; older ones know GetCapabilities only (ONVIF Core 8.1.2). */
const findServices = async (
  soap: SoapClient,
  device: URL,
  cancel: Cancellable,
): Promise<ReadonlyMap<OnvifService, URL>> => {
  try {
    const services = readServices(
      await ask(soap, device, cancel, "GetServices", xml("o:IncludeCapability", {}, "false")),
    );
    if (services.length > 0) return located(services, device);
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== "camera-fault") throw error;
  }
  const all = xml("o:Category", {}, "All");
  return located(readCapabilities(await ask(soap, device, cancel, "GetCapabilities", all)), device);
};

type FoundService = readonly [service: OnvifService, address: string];

const ask = (
  soap: SoapClient,
  url: URL,
  cancel: Cancellable,
  operation: string,
  argument: XmlNode,
): Promise<XmlElement> => {
  const namespace = namespaces.device;
  const body = xml(`o:${operation}`, { "xmlns:o": namespace }, argument);
  return soap.call({ url, action: `${namespace}/${operation}`, operation, body }, cancel);
};

const readServices = (answer: XmlElement): FoundService[] =>
  findAll(answer, "Service").flatMap((service): FoundService[] => {
    const namespace = textAt(service, "Namespace");
    const name = knownServices.find((known) => serviceNamespaces[known] === namespace);
    const address = textAt(service, "XAddr");
    return name === undefined || address === "" ? [] : [[name, address]];
  });

const readCapabilities = (answer: XmlElement): FoundService[] => {
  const capabilities = find(answer, "Capabilities");
  const found: FoundService[] = [
    ["media", textAt(capabilities, "Media", "XAddr")],
    ["events", textAt(capabilities, "Events", "XAddr")],
  ];
  return found.filter(([, address]) => address !== "");
};

const located = (services: readonly FoundService[], device: URL): ReadonlyMap<OnvifService, URL> => {
  const found = new Map<OnvifService, URL>();
  for (const [service, text] of services) {
    const decision = decideCameraUri({ text, use: "service", device });
    if (decision.kind === "use") found.set(service, decision.url);
  }
  // The device service was reached where it is; its own idea of its address can only be worse.
  return found.set("device", device);
};
