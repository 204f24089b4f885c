/** Writes the fields of a parameter set. */
export class BitWriter {
  #bits = "";

  u(value: number, size: number): this {
    this.#bits += value.toString(2).padStart(size, "0");
    return this;
  }

  ue(value: number): this {
    const binary = (value + 1).toString(2);
    this.#bits += "0".repeat(binary.length - 1) + binary;
    return this;
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** With the stop bit, and emulation prevention. */
  toBuffer(): Buffer {
    const bits = `${this.#bits}1`;
    const bytes: number[] = [];
    for (let at = 0; at < bits.length; at += 8) {
      const byte = parseInt(bits.slice(at, at + 8).padEnd(8, "0"), 2);
      if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
      bytes.push(byte);
    }
    return Buffer.from(bytes);
  }
}
