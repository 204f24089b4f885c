import { GatehouseError } from "@gatehouse/shared";

/**
 * A name as it is written inside its domain: `_acme-challenge.cams` of `_acme-challenge.cams.example.org` in `example.org`.
 * @throws GatehouseError `config-invalid` where it is not below the domain
 */
export const nameBelow = (name: string, domain: string): string => {
  const suffix = `.${domain.toLowerCase()}`;
  if (name.toLowerCase().endsWith(suffix)) return name.slice(0, -suffix.length);
  throw new GatehouseError("config-invalid", `${name} does not lie below the domain ${domain} that \`tls.dns\` names`);
};
