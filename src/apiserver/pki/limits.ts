const dayMs = 24 * 60 * 60 * 1000;

/** The cluster's own authority outlives every machine it runs on; it is the trust root in every kubeconfig. */
export const authorityLifetimeMs: number = 3650 * dayMs;

/** A year, as kubeadm does: long enough to forget, short enough that renewal is exercised. */
export const leafLifetimeMs: number = 365 * dayMs;

/** Renewed with a third of its life left, so that a cluster started every few months never meets an expired one. */
export const leafRenewalMs: number = 120 * dayMs;

/** Certificates are valid a little before they are made: clocks of nodes differ. */
export const backdateMs: number = 60 * 60 * 1000;
