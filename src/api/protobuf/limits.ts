/** Messages within messages: far beyond any kind, far below the stack. */
export const maxMessageDepth = 200;

/** Enveloped objects within the raw part of another: a list of lists needs three. */
export const maxEnvelopeDepth = 8;
