/** Shorter names stand in many a file by chance. */
const shortestModel = 3;

const bare = (text: string): string => text.toLowerCase().replaceAll(/[^a-z\d]/g, "");

/**
 * Whether a firmware file says that it is for this model: in its name, or near its beginning. Makers have no common form, and cameras that take
 * another model's file may never start again; so a file that does not say it is not sent.
 */
export const isForModel = (model: string, file: { readonly name: string; readonly head: Buffer }): boolean => {
  const wanted = bare(model);
  if (wanted.length < shortestModel) return false;
  return bare(file.name).includes(wanted) || bare(file.head.toString("latin1")).includes(wanted);
};
