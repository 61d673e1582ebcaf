/** How long the first pod of a new namespace waits for its service account. A controller makes it within milliseconds. */
export const serviceAccountWaitMs = 2000;
