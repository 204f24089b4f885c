import { GatehouseError } from "@gatehouse/shared";
import { arch, platform } from "node:os";

import { loadConfig } from "../../config/load.ts";
import { systemdService } from "../../update/gateway-service.ts";
import { Installation } from "../../update/installation.ts";
import { releaseSource, type ReleaseSource } from "../../update/release-source.ts";
import { Updates } from "../../update/updates.ts";
import { Versions } from "../../update/versions.ts";
import { isLockedRootKey } from "../../vault/root-key.ts";
import { textOption, type CommandContext, type CommandInput } from "../command.ts";
import { passphraseSource, stdinPassphraseOption, vaultPassphrase } from "../passphrase.ts";

/** Where install.sh puts releases. */
const usualFolder = "/usr/lib/gatehouse";
const usualUnit = "gatehouse.service";

export const installOption = {
  install: { type: "string", value: "DIR", help: `where Gatehouse is installed (default: ${usualFolder})` },
} as const;

/** Options of all commands that act on an installation. */
export const installationOptions = {
  ...installOption,
  unit: { type: "string", value: "NAME", help: `the gateway's systemd unit (default: ${usualUnit})` },
} as const;

/** Of the commands that have a version try itself on the data. */
export const trialOptions = {
  ...installationOptions,
  ...stdinPassphraseOption("the vault's passphrase, where one protects it,"),
};

export const sourceOptions = {
  from: { type: "string", value: "PLACE", help: "an https address or a folder, in the place of `update.source`" },
} as const;

export const openInstallation = (input: CommandInput): Promise<Installation> =>
  Installation.open(textOption(input, "install") ?? usualFolder);

export const openUpdates = async (input: CommandInput, context: CommandContext): Promise<Updates> => {
  const { data, searchPath, clock, log } = context;
  const installation = await openInstallation(input);
  return Updates.open({
    installation,
    data,
    service: systemdService({ unit: textOption(input, "unit") ?? usualUnit, searchPath, clock }),
    versions: new Versions({ installation, data, searchPath, clock }),
    vaultLock: { locks: isLockedRootKey, ask: vaultPassphrase(passphraseSource(input, context), context) },
    platform: `${platform()}-${arch()}`,
    clock,
    log,
  });
};

/** Where the owner has said that releases come from. @throws GatehouseError `request-invalid` where nobody has */
export const sourceOf = async (input: CommandInput, { data }: CommandContext): Promise<ReleaseSource> => {
  const place = textOption(input, "from") ?? (await loadConfig(data)).update.source;
  if (place !== null) return releaseSource(place);
  throw new GatehouseError("request-invalid", "It is not known where releases come from.", {
    remedy: "Set `update.source` in config.json, or name a folder or an https address with --from.",
  });
};
