// @ts-check

const key = "gatehouse.signed-in";

/**
 * Whether somebody may be signed in with this browser. The cookie itself is hidden from pages, and a browser complains on its console
 * of each request that is refused.
 */
export const mayBeSignedIn = () => {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    // Where nothing may be kept, asking is the way to know.
    return true;
  }
};

/** @param {boolean} signedIn */
export const rememberSignIn = (signedIn) => {
  try {
    if (signedIn) localStorage.setItem(key, "yes");
    else localStorage.removeItem(key);
  } catch {
    // As above.
  }
};
