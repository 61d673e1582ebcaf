/** The value of a label as the operators Gt and Lt read it; undefined when it is no whole number of 64 bits. */
export function wholeNumber(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
