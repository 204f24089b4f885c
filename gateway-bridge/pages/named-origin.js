// @ts-check

/**
 * Where the pages are to be opened for passkeys: by the gateway's name, or, on its own box, by that of every box.
 *
 * @param {{ readonly hostname: string, readonly port: string }} location where they are opened now
 * @param {string} canonical
 */
export const namedOrigin = ({ hostname, port }, canonical) =>
  hostname === "127.0.0.1" || hostname === "[::1]" ? `https://localhost${port === "" ? "" : `:${port}`}` : canonical;
