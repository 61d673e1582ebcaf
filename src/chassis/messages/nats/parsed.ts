/**
 * What bytes say in JSON. Undefined when they are none: whoever may write to a subject may write anything, and what a
 * subscription's callback throws would end the reading of its whole connection.
 */
export function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
