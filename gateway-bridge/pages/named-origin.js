// @ts-check

/**
 * Where the pages are to be opened for passkeys: by the gateway's name, or, on its own box, by that of every box.
 *
 * @param {{ readonly protocol: string, readonly hostname: string, readonly port: string }} location where they are opened now
 * @param {string} canonical
 */
export const namedOrigin = ({ protocol, hostname, port }, canonical) =>
  hostname === "127.0.0.1" || hostname === "[::1]"
    ? `${protocol}//localhost${port === "" ? "" : `:${port}`}`
    : canonical;
