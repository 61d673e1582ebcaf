import { type Container, configMaps, type Pod, type Resource, secrets, type Volume } from "#api";

/** An object in the pod's namespace that the pod names. */
export interface Reference {
  readonly resource: Resource;
  readonly name: string;
}

/** The objects that a volume is made from. Pure. */
export function volumeReferences(volume: Volume): Reference[] {
  const sources = [volume, ...(volume.projected?.sources ?? [])];
  const found: Reference[] = [];
  for (const source of sources) {
    if (source.configMap?.name) found.push({ resource: configMaps, name: source.configMap.name });
    const { secret } = source;
    const name =
      secret && ("secretName" in secret ? secret.secretName : "name" in secret ? secret.name : undefined);
    if (name) found.push({ resource: secrets, name });
  }
  return found;
}

/** The objects that a container's variables come from. Pure. */
export function environmentReferences(container: Container): Reference[] {
  const found: Reference[] = [];
  const add = (resource: Resource, name: string | undefined) => {
    if (name) found.push({ resource, name });
  };
  for (const from of container.envFrom ?? []) {
    add(configMaps, from.configMapRef?.name);
    add(secrets, from.secretRef?.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    add(configMaps, valueFrom?.configMapKeyRef?.name);
    add(secrets, valueFrom?.secretKeyRef?.name);
  }
  return found;
}

export function podReferences(pod: Pod): Reference[] {
  return (pod.spec?.volumes ?? []).flatMap(volumeReferences);
}
