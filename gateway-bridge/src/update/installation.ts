import { GatehouseError, systemCode } from "@gatehouse/shared";
import { constants } from "node:fs";
import { access, mkdir, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { UpdateKeys } from "./manifest.ts";
import { ReleaseVersion } from "./release-version.ts";
import { syncFolder } from "./unpack-release.ts";

/**
 * Where releases lie: `versions/<version>/` with `bin/gatehouse` in each; the links `current` to the version that runs and `proven`
 * to the last one that has shown that it works, whose program takes a failed update back; and `update/` for what an update needs.
 * All of it belongs to whoever updates (root), not to the gateway's user.
 */
export class Installation {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws GatehouseError `update-unsuitable` where there is none, or it belongs to somebody else */
  static async open(folder: string): Promise<Installation> {
    const installation = new Installation(folder);
    await installation.current();
    try {
      await mkdir(join(folder, "update"), { recursive: true });
      await access(join(folder, "update"), constants.W_OK);
    } catch (cause) {
      throw new GatehouseError(
        "update-unsuitable",
        `${folder} cannot be written (${systemCode(cause) ?? "unknown"}).`,
        {
          remedy: "Run the command as root: `sudo gatehouse update ...`.",
          cause,
        },
      );
    }
    return installation;
  }

  /** The version that `current` leads to. @throws GatehouseError `update-unsuitable` */
  async current(): Promise<ReleaseVersion> {
    const target = await readlink(join(this.folder, "current")).catch(() => "");
    const version = ReleaseVersion.safeParse(basename(target));
    if (version.success && dirname(target) === "versions") return version.data;
    throw new GatehouseError("update-unsuitable", `There is no Gatehouse installed in ${this.folder}.`, {
      remedy: "Updates are for installations made by install.sh; name another folder with --install.",
    });
  }

  version(version: ReleaseVersion): string {
    return join(this.folder, "versions", version);
  }

  /** The program of a version. */
  program(version: ReleaseVersion): string {
    return join(this.version(version), "bin/gatehouse");
  }

  /** A file or folder that an update needs. */
  work(name: "archive.tar.gz" | "before" | "journal.json" | "lock" | "trial"): string {
    return join(this.folder, "update", name);
  }

  /** Makes a link lead to another version, at one stroke. */
  async point(link: "current" | "proven", version: ReleaseVersion): Promise<void> {
    const draft = join(this.folder, `${link}.new`);
    await rm(draft, { force: true });
    await symlink(join("versions", version), draft);
    await rename(draft, join(this.folder, link));
    await syncFolder(this.folder);
  }

  /** Removes what an update needed on its way, and versions that nothing leads to any more. */
  async tidy(kept: readonly (ReleaseVersion | null)[]): Promise<void> {
    const needed = ["before", "journal.json", "lock"];
    await removeAllBut(kept, join(this.folder, "versions"));
    await removeAllBut(needed, join(this.folder, "update"));
  }

  /** Who may sign what follows the installed version: that version says so itself. */
  async keys(): Promise<UpdateKeys> {
    const file = join(this.version(await this.current()), "update-keys.json");
    const keys = UpdateKeys.safeParse(await readJson(file));
    if (keys.success) return keys.data;
    throw new GatehouseError("update-unsuitable", `${file} does not name the keys that sign updates.`, {
      remedy: "Install Gatehouse again by install.sh of a release.",
    });
  }
}

const removeAllBut = async (kept: readonly (string | null)[], folder: string): Promise<void> => {
  for (const name of await readdir(folder))
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
};

/** What a JSON file holds; undefined for none, and for what is no JSON. */
export const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
};
