/** A name and a password as HTTP's Basic scheme carries them. RFC 7617 2 */
export const parseBasic = (
  authorization: string,
): { readonly username: string; readonly password: string } | undefined => {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,512}={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
};
