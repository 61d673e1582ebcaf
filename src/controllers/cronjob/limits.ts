/** More missed starts than this are told as a mistake: Kubernetes' number. */
export const manyMissed = 100;

/** Deletes of one cron job's jobs under way at a time. */
export const parallelDeletes = 8;
