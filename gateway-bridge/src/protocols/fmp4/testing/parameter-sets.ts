import type { Mp4ParameterSets } from "../mp4-track.ts";

/** 1920 x 1080, 25 pictures a second: H.264 Main 4.0 and High 4.0 of x264, H.265 Main 4.0 of x265. */
export const mainSets: Mp4ParameterSets = {
  sps: Buffer.from("674d4028d940780227e5c044000003000400000300c83c60c960", "hex"),
  pps: Buffer.from("68e930b2c8", "hex"),
};
export const highSets: Mp4ParameterSets = {
  sps: Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex"),
  pps: Buffer.from("68ef8fcb", "hex"),
};
export const hevcSets = {
  vps: Buffer.from("40010c01ffff016000000300900000030000030078959409", "hex"),
  sps: Buffer.from("420101016000000300900000030000030078a003c0801107cb965654a4c2f0168080000003008000000c84", "hex"),
  pps: Buffer.from("4401c073c189", "hex"),
} as const satisfies Mp4ParameterSets;

/** AAC-LC, 16 kHz, one channel. */
export const aacMono: Buffer = Buffer.from("1408", "hex");
