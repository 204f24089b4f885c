/** One of 500 and more addresses of loopback, as so many homes and phones would have. */
export const loopback = (index: number): string =>
  `127.${1 + (Math.floor(index / 62_500) % 250)}.${Math.floor(index / 250) % 250}.${2 + (index % 250)}`;
