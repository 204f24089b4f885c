// @ts-check

/** Seconds behind the newest picture: as near as an even network allows, and as far as an uneven one pushes a player. */
export const nearest = 0.12;
const furthest = 0.6;
/** A player that is further behind shows the past, and skips what it missed. */
const past = 1;
/** What is behind by half more than it need be is caught up with, by playing up to a quarter faster, which nobody hears. */
const slack = 1.5;
const fastest = 1.25;

/**
 * @typedef {object} Playing Seconds of media time.
 * @property {number} position what is shown
 * @property {number} start of the newest stretch without a gap
 * @property {number} end of that stretch: the newest picture
 * @property {number} distance how far behind the newest picture to stay
 * @property {boolean} live false while the gateway still sends the pictures from before this view began
 */

/**
 * Where a player goes on, and how fast, so that it stays at the newest picture.
 * @param {Playing} playing
 * @returns {{ readonly seek: number | undefined, readonly rate: number }}
 */
export const follow = ({ position, start, end, distance, live }) => {
  const edge = Math.max(start, end - distance);
  if (position < start) return { seek: live ? edge : start, rate: 1 };
  if (!live) return { seek: undefined, rate: 1 };
  const behind = end - position;
  if (behind > past) return { seek: edge, rate: 1 };
  const excess = behind - slack * distance;
  return { seek: undefined, rate: Math.min(fastest, 1 + Math.max(0, 2 * excess)) };
};

/**
 * The distance to stay at after the player ran dry: each time further, up to a bound.
 * @param {number} distance seconds
 */
export const furtherBack = (distance) => Math.min(furthest, distance + 0.1);

/**
 * The distance to stay at after a picture came in time: back to the nearest within some seconds.
 * @param {number} distance seconds
 */
export const nearer = (distance) => Math.max(nearest, distance - 0.0005);
