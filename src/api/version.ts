/** The Kubernetes that this API is: clients compare it with their own, nodes show it as theirs. */
export const kubernetesVersion = { major: "1", minor: "36", gitVersion: "v1.36.2+nacre" } as const;
