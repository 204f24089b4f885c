/** Closes a switch over a union: a new member becomes a compile error here. */
export const assertNever = (value: never): never => {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
};
