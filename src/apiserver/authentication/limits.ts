/** Subjects of client certificates that are remembered: every node and every person of a cluster, with room. */
export const rememberedCertificateUsers = 4096;
