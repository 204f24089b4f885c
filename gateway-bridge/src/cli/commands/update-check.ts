import type { Offer } from "../../update/updates.ts";
import type { Command } from "../command.ts";
import { installationOptions, openUpdates, sourceOf, sourceOptions } from "./update-installation.ts";

const asText = ({ installed, manifest, verdict }: Offer): string => {
  switch (verdict.kind) {
    case "current":
      return `Version ${installed} is the newest.`;
    case "refuse":
      return `Version ${manifest.version} is not to be installed: ${verdict.why}`;
    case "install":
      return [`Version ${manifest.version} can follow ${installed}: \`gatehouse update apply\`.`, "", manifest.notes]
        .join("\n")
        .trimEnd();
  }
};

export const updateCheckCommand: Command = {
  path: ["update", "check"],
  summary: "whether there is a newer version, signed by its makers",
  operands: [],
  options: { ...sourceOptions, ...installationOptions },
  examples: ["sudo gatehouse update check", "sudo gatehouse update check --from /media/usb/gatehouse"],
  run: async (input, context) => {
    const source = await sourceOf(input, context);
    using updates = await openUpdates(input, context);
    const offer = await updates.check(source, context);
    return { json: offer, text: asText(offer) };
  },
};
