import { readPrivateFile, systemCode, writePrivateFile } from "@gatehouse/shared";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** Files of the data folder only: nothing that was written into the mark can reach beyond it. */
const FileName = z.string().regex(/^[\w-]+(\.[\w-]+)*$/);

/** What the mark says. */
const Change = z.strictObject({
  /** Files that lie in the pending folder and take the place of those of the same name. */
  puts: z.array(FileName),
  /** Files that go away. */
  removes: z.array(FileName),
  /** The folder into which what is replaced or removed is moved; without, it is deleted. */
  keep: FileName.optional(),
});
type Change = z.infer<typeof Change>;

export type ChangeOptions = Partial<Pick<Change, "removes" | "keep">>;

const folderOf = (data: string): string => join(data, "pending");
const markOf = (data: string): string => join(folderOf(data), "complete.mark");

/**
 * Files of the data folder that change together. They are written into a folder of their own; once that is marked as complete
 * the change is certain, and is carried out now or at the next start; before, it never happened.
 *
 * Whoever uses it holds the folder's InstanceLock.
 */
export class PendingChange implements AsyncDisposable {
  readonly #data: string;
  readonly #puts: string[] = [];
  #completed = false;

  private constructor(data: string) {
    this.#data = data;
  }

  /** Carries out what an earlier change left complete, and throws away what it left incomplete. */
  static async begin(data: string): Promise<PendingChange> {
    await finishPendingChange(data);
    await mkdir(folderOf(data), { mode: 0o700 });
    return new PendingChange(data);
  }

  /** Writes one file. Answers where it lies until the change is carried out; until then it may still be worked on. */
  async add(name: string, content: AsyncIterable<Uint8Array>): Promise<string> {
    const path = join(folderOf(this.#data), FileName.parse(name));
    await using file = await open(path, "wx", 0o600);
    for await (const bytes of content) await file.writeFile(bytes);
    this.#puts.push(name);
    return path;
  }

  /** Makes the change certain, and carries it out. */
  async complete({ removes = [], keep }: ChangeOptions = {}): Promise<void> {
    const folder = folderOf(this.#data);
    for (const name of this.#puts) await sync(join(folder, name));
    const change: Change = { puts: this.#puts, removes: [...removes], ...(keep !== undefined && { keep }) };
    await writePrivateFile(markOf(this.#data), JSON.stringify(Change.parse(change)));
    this.#completed = true;
    await finishPendingChange(this.#data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#completed) await finishPendingChange(this.#data);
  }
}

/** Whether there is a change that was not carried out. */
export const isChangePending = async (data: string): Promise<boolean> => (await namesIn(data)).includes("pending");

/**
 * Carries out a change that is complete, or throws an incomplete one away. Each step can be done again, so that it may be killed
 * at any. To be called before anything of the folder is opened, under its InstanceLock.
 */
export const finishPendingChange = async (data: string): Promise<void> => {
  const mark = await readPrivateFile(markOf(data));
  if (mark !== undefined) await carryOut(data, Change.parse(JSON.parse(mark.toString())));
  // The mark goes first: what is left of a folder without it is thrown away.
  await rm(markOf(data), { force: true });
  if (mark !== undefined) await syncFolder(folderOf(data));
  await rm(folderOf(data), { recursive: true, force: true });
};

const carryOut = async (data: string, { puts, removes, keep }: Change): Promise<void> => {
  const pending = await namesIn(folderOf(data));
  // What was put in its place already must not be taken away again.
  const waiting = puts.filter((name) => pending.includes(name));
  if (keep !== undefined) await mkdir(join(data, keep), { recursive: true, mode: 0o700 });
  for (const name of [...waiting, ...removes].flatMap(withCompanions)) await clear(data, name, keep);
  if (keep !== undefined) await syncFolder(join(data, keep));
  // On the disk before the new database is: it must never be seen beside the old one's -wal, which would be played into it.
  await syncFolder(data);
  for (const name of waiting) await rename(join(folderOf(data), name), join(data, name));
  await syncFolder(data);
};

/** A database's -wal and -shm belong to it, and come first: without them, what is left of it is at least a whole older state. */
const withCompanions = (name: string): readonly string[] =>
  name.endsWith(".db") ? [`${name}-wal`, `${name}-shm`, name] : [name];

/** Takes a file out of the way. */
const clear = async (data: string, name: string, keep: string | undefined): Promise<void> => {
  if (keep === undefined) return rm(join(data, name), { force: true });
  try {
    await rename(join(data, name), join(data, keep, name));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
};

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
};

const sync = async (path: string, flags = "r+"): Promise<void> => {
  await using file = await open(path, flags);
  await file.sync();
};

/** Windows cannot open folders for syncing. */
const syncFolder = async (path: string): Promise<void> => {
  if (platform() !== "win32") await sync(path, "r");
};
