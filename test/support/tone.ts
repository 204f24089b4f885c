/** What a piece of sound is like. */
export interface Tone {
  /** Root mean square of the samples; 32,768 is full scale. */
  readonly level: number;
  /** How much of the sound's energy is at the frequency that is looked for: 1 for a pure tone, next to 0 for noise. */
  readonly purity: number;
}

/** Looks for one frequency, with Goertzel's algorithm. */
export const listenFor = (frequency: number, samples: Int16Array, rate: number): Tone => {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let [before, last, energy] = [0, 0, 0];
  for (const sample of samples) {
    [before, last] = [last, sample + turn * last - before];
    energy += sample * sample;
  }
  const power = before * before + last * last - turn * before * last;
  return {
    level: Math.sqrt(energy / samples.length),
    purity: energy === 0 ? 0 : (2 * power) / (samples.length * energy),
  };
};
