/** What a token lives when its request does not say: Kubernetes' default. */
export const defaultTokenSeconds = 3600;

/** Nothing shorter: whoever holds it could hardly renew it in time. Kubernetes' own limit. */
export const minTokenSeconds = 600;

/** A year: who asks for a long-lived token for a machine outside gets one, but none that outlives its reason by much. */
export const maxTokenSeconds: number = 365 * 24 * 3600;

/** Verified tokens that are remembered, so that the signature is checked once. About 2 KB each. */
export const rememberedTokens = 2048;

/** Clocks of nodes and servers may differ by so much. */
export const clockToleranceSeconds = 10;

/** Longest bearer token that is looked at: ours are about 1 KB. */
export const maxTokenLength: number = 16 * 1024;
