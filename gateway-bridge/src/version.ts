/** The version of every package of the project; a test compares it with package.json. */
export const version = "0.1.0";
