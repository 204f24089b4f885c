import { Action, CameraId, GatehouseError, type Grant, type OfferPairing, type PairedKind } from "@gatehouse/shared";
import { z } from "zod";

import { listOption, textOption, type Command, type CommandInput } from "../command.ts";

type Service = PairedKind;

const services: Readonly<Record<Service, { readonly name: string; readonly actions: readonly Action[] }>> = {
  homebridge: { name: "Homebridge", actions: ["live", "snapshot", "events", "talk"] },
  "node-red": { name: "Node-RED", actions: ["snapshot", "events"] },
};

/** `live, snapshot, events, talk for homebridge; ...` */
const usual = Object.entries(services)
  .map(([service, { actions }]) => `${actions.join(", ")} for ${service}`)
  .join("; ");

const isService = (value: string | undefined): value is Service =>
  value !== undefined && Object.hasOwn(services, value);

const parseOr = <S extends z.ZodType>(schema: S, value: unknown, message: string): z.output<S> => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new GatehouseError("request-invalid", message);
  return parsed.data;
};

/** What the new client may do: the service's usual actions on every camera, or just those named. */
const grantsOf = (input: CommandInput, service: Service): Grant[] => {
  const actions = listOption(input, "action").map((name) =>
    parseOr(Action, name, `There is no action \`${name}\`; there are ${Action.options.join(", ")}.`),
  );
  const cameras = listOption(input, "camera").map((id) => parseOr(CameraId, id, `\`${id}\` is no camera's id.`));
  const places: readonly Grant["camera"][] = cameras.length > 0 ? cameras : ["*"];
  return (actions.length > 0 ? actions : services[service].actions).flatMap((action) =>
    places.map((camera) => ({ action, camera })),
  );
};

export const pairCommand: Command = {
  path: ["pair"],
  summary: "make a pairing string that lets one plugin in",
  operands: [],
  options: {
    for: { type: "string", value: "KIND", help: `who it is for: ${Object.keys(services).join(" or ")}` },
    name: { type: "string", value: "NAME", help: "what to call it in lists and in the audit log" },
    camera: { type: "string", value: "ID", multiple: true, help: "only this camera (may be repeated; default: all)" },
    action: {
      type: "string",
      value: "ACTION",
      multiple: true,
      help: `only this action (may be repeated; default: ${usual})`,
    },
  },
  examples: [
    "gatehouse pair --for homebridge",
    "gatehouse pair --for node-red --name 'Garden flows' --camera cam-abcdefghijklmnop --action events",
  ],
  run: async (input, { client, signal }) => {
    const service = textOption(input, "for");
    if (!isService(service)) {
      throw new GatehouseError("request-invalid", "Say who the pairing string is for.", {
        remedy: `Add --for ${Object.keys(services).join(" or --for ")}.`,
      });
    }
    const body: OfferPairing = {
      kind: service,
      name: textOption(input, "name") ?? services[service].name,
      grants: grantsOf(input, service),
    };
    await using gateway = await client();
    const offer = await gateway.call("offerPairing", { body }, { signal });
    const until = new Date(offer.expires).toLocaleTimeString();
    return {
      json: offer,
      text: [
        offer.pairingString,
        "",
        `Paste it into ${services[service].name}. It works once, until ${until}.`,
        `${body.name} may then: ${[...new Set(body.grants.map(({ action }) => action))].join(", ")}.`,
      ].join("\n"),
    };
  },
};
