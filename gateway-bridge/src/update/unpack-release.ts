import { GatehouseError, systemCode } from "@gatehouse/shared";
import { createReadStream } from "node:fs";
import { chmod, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";

import { TarReader, type TarEntry, type TarLimits } from "./tar-reader.ts";

const limits: TarLimits = { entries: 100_000, bytes: 2 * 1024 * 1024 * 1024 };

/**
 * Unpacks an archive (tar, gzip), which was found to be the signed one, into the new folder `to`. What is there under that name is
 * always whole: it is unpacked beside it and renamed.
 * @throws GatehouseError `update-untrusted` for an archive with anything but plain files and folders in it
 */
export const unpackRelease = async (archive: string, to: string): Promise<void> => {
  const draft = `${to}.part`;
  await rm(draft, { recursive: true, force: true });
  await rm(to, { recursive: true, force: true });
  await mkdir(draft);
  try {
    await chmod(draft, 0o755);
    await unpackInto(draft, archive);
    await rename(draft, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
};

const unpackInto = async (folder: string, archive: string): Promise<void> => {
  const reader = new TarReader(limits);
  let file: FileHandle | undefined;
  const finish = async (): Promise<void> => {
    await file?.sync();
    await file?.close();
    file = undefined;
  };
  try {
    for await (const chunk of unzipped(archive)) {
      for (const event of reader.read(chunk)) {
        if (event.kind === "content") {
          await file?.writeFile(event.bytes);
          continue;
        }
        await finish();
        file = await create(folder, event.entry);
      }
    }
    reader.end();
  } finally {
    await finish();
  }
};

async function* unzipped(archive: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(archive);
  const unzip = createGunzip();
  stream.on("error", (error) => unzip.destroy(error));
  try {
    for await (const chunk of stream.pipe(unzip)) yield chunk as Buffer;
  } catch (cause) {
    throw new GatehouseError("update-untrusted", "The release's archive is damaged.", { cause });
  } finally {
    stream.destroy();
  }
}

/** A folder must come before what is in it, and nothing twice: so no entry can change what another has made. */
const create = async (folder: string, { kind, path, executable }: TarEntry): Promise<FileHandle | undefined> => {
  const target = join(folder, path);
  try {
    // The modes are set apart, because the umask of whoever updates is not that of the gateway's user.
    if (kind === "folder") {
      await mkdir(target);
      await chmod(target, 0o755);
      return undefined;
    }
    const file = await open(target, "wx");
    await file.chmod(executable ? 0o755 : 0o644);
    return file;
  } catch (cause) {
    if (!["EEXIST", "ENOENT", "ENOTDIR"].includes(systemCode(cause) ?? "")) throw cause;
    throw new GatehouseError("update-untrusted", "The release's archive cannot be used: its entries contradict.", {
      cause,
    });
  }
};

/** A rename is on the disk only when its folder is. */
export const syncFolder = async (path: string): Promise<void> => {
  await using folder = await open(path, "r");
  await folder.sync();
};
