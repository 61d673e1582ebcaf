import type { Container, Pod, Volume } from "#api";

/** What a pod needs to run, as `RESOURCE/NAME` in its own namespace. */
export function referencesOf(pod: Pod): Set<string> {
  const references = new Set<string>();
  const add = (resource: Referenced, name: string | undefined) => {
    if (name) references.add(`${resource}/${name}`);
  };
  const { spec } = pod;
  add("serviceaccounts", spec?.serviceAccountName);
  for (const secret of spec?.imagePullSecrets ?? []) add("secrets", secret.name);
  for (const volume of spec?.volumes ?? []) addVolume(volume, pod.metadata?.name ?? "", add);
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const container of containers) addEnvironment(container, add);
  return references;
}

export type Referenced = "secrets" | "configmaps" | "persistentvolumeclaims" | "serviceaccounts";

type Add = (resource: Referenced, name: string | undefined) => void;

function addVolume(volume: Volume, podName: string, add: Add): void {
  add("secrets", volume.secret?.secretName);
  add("configmaps", volume.configMap?.name);
  add("persistentvolumeclaims", volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) add("persistentvolumeclaims", `${podName}-${volume.name}`);
  add("secrets", volume.csi?.nodePublishSecretRef?.name);
  for (const source of volume.projected?.sources ?? []) {
    add("secrets", source.secret?.name);
    add("configmaps", source.configMap?.name);
  }
}

function addEnvironment(container: Pick<Container, "env" | "envFrom">, add: Add): void {
  for (const source of container.envFrom ?? []) {
    add("secrets", source.secretRef?.name);
    add("configmaps", source.configMapRef?.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    add("secrets", valueFrom?.secretKeyRef?.name);
    add("configmaps", valueFrom?.configMapKeyRef?.name);
  }
}
