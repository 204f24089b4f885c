/** What the relay chooses, and so every connection that it is compared by: else their CPU time could not be. */
export const cipher = "TLS_AES_128_GCM_SHA256";
