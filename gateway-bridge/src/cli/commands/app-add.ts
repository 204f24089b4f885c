import { CameraId, GatehouseError, type ApplicationCredential, type NewApplication } from "@gatehouse/shared";

import { listOption, type Command, type CommandInput } from "../command.ts";

type Grants = NewApplication["grants"];

/** Where the application may look: nowhere unless cameras are named, or all of them are meant. */
const placesOf = (input: CommandInput): readonly Grants[number]["camera"][] => {
  const named = listOption(input, "camera").map((text) => {
    const id = CameraId.safeParse(text);
    if (id.success) return id.data;
    throw new GatehouseError("request-invalid", `\`${text}\` is no camera's id.`, {
      remedy: "`gatehouse camera list` shows the ids.",
    });
  });
  if (input.options["all-cameras"] !== true) return named;
  if (named.length === 0) return ["*"];
  throw new GatehouseError("request-invalid", "All cameras, or some of them?", {
    remedy: "Use either --all-cameras or --camera.",
  });
};

const grantsOf = (input: CommandInput): Grants => {
  const asked = (option: string): boolean => input.options[option] === true;
  const places = placesOf(input);
  if (places.length === 0 && !asked("metrics")) {
    throw new GatehouseError("request-invalid", "Say what the application may see.", {
      remedy: "Add --camera ID for each camera, or --all-cameras.",
    });
  }
  const actions = [
    "live",
    "snapshot",
    ...(asked("clips") ? ["clip"] : []),
    ...(asked("talk") ? ["talk"] : []),
  ] as const;
  const grants: Grants = places.flatMap((camera) =>
    actions.map((action) => ({ action: action as Grants[number]["action"], camera })),
  );
  return asked("metrics") ? [...grants, { action: "metrics", camera: "*" }] : grants;
};

const describe = (
  { principal, username, password, rtsp }: ApplicationCredential,
  { metrics }: { readonly metrics: boolean },
): string =>
  [
    `User name  ${username}`,
    `Password   ${password}`,
    "",
    ...rtsp.map(({ name, tier, url }) => `${name} (${tier})  ${url}`),
    ...(rtsp.length === 0 ? [] : [""]),
    ...(metrics
      ? ["Measurements are at /metrics of the gateway's own address (HTTPS, Basic authentication).", ""]
      : []),
    "The password is shown only now, and kept nowhere. RTSPS shows the gateway's own certificate, which players cannot check by",
    "themselves: allow it where they ask.",
    `To lock the application out: gatehouse client revoke ${principal}`,
  ].join("\n");

export const appAddCommand: Command = {
  path: ["app", "add"],
  summary: "make a login for a player or recorder (`client list` shows it, `client revoke` locks it out)",
  operands: ["NAME"],
  options: {
    camera: { type: "string", value: "ID", multiple: true, help: "a camera that it may watch (may be repeated)" },
    "all-cameras": { type: "boolean", help: "every camera, also those added later" },
    talk: { type: "boolean", help: "let it speak through the cameras, too" },
    clips: { type: "boolean", help: "let it fetch clips, too" },
    metrics: { type: "boolean", help: "let it read the gateway's measurements, as Prometheus does" },
  },
  examples: [
    "gatehouse app add 'VLC on the laptop' --camera cam-abcdefghijklmnop",
    "gatehouse app add Recorder --all-cameras",
    "gatehouse app add Prometheus --metrics --json",
  ],
  run: async (input, { client, signal }) => {
    const [name = ""] = input.positionals;
    const grants = grantsOf(input);
    await using gateway = await client();
    const made = await gateway.call("addApplication", { body: { name, grants } }, { signal });
    return { json: made, text: describe(made, { metrics: input.options["metrics"] === true }) };
  },
};
