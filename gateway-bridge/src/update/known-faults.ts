import type { UpdateState } from "@gatehouse/shared";
import { join } from "node:path";

import { AdvisoryList, lockedPackages, matchAdvisories } from "./advisories.ts";
import { readJson } from "./installation.ts";

/** What a release's own list says about the packages that came with it. */
export const knownFaults = async (release: string): Promise<UpdateState["advisories"]> => {
  const list = AdvisoryList.safeParse(await readJson(join(release, "advisories.json")));
  const packages = lockedPackages(await readJson(join(release, "package-lock.json")));
  if (!list.success || packages === undefined) return { asOf: null, found: [] };
  const found = matchAdvisories(list.data, packages).map(({ ranges: _ranges, ...fault }) => fault);
  return { asOf: list.data.date, found };
};
