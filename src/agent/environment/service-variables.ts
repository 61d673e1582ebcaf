import type { Service } from "#api";

export type Variable = { readonly name: string; readonly value: string };

/** Where the API is reached from inside pods, for as long as the Service `kubernetes` is not known. */
export interface KubernetesService {
  readonly address: string;
  readonly port: number;
}

/** The variables of one service: `WEB_SERVICE_HOST`, `WEB_SERVICE_PORT`, `WEB_PORT_80_TCP_ADDR`, … Pure. */
export function serviceVariables(service: Service): Variable[] {
  const address = service.spec?.clusterIP;
  const ports = service.spec?.ports ?? [];
  if (!address || address === "None" || ports.length === 0) return [];
  const prefix = variableName(service.metadata?.name ?? "");
  const host = address.includes(":") ? `[${address}]` : address;
  const variables = [
    { name: `${prefix}_SERVICE_HOST`, value: address },
    { name: `${prefix}_SERVICE_PORT`, value: String(ports[0]?.port) },
  ];
  for (const port of ports) {
    if (port.name)
      variables.push({ name: `${prefix}_SERVICE_PORT_${variableName(port.name)}`, value: String(port.port) });
  }
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    const name = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) variables.push({ name: `${prefix}_PORT`, value: url });
    variables.push({ name, value: url });
    variables.push({ name: `${name}_PROTO`, value: protocol.toLowerCase() });
    variables.push({ name: `${name}_PORT`, value: String(port.port) });
    variables.push({ name: `${name}_ADDR`, value: address });
  }
  return variables;
}

/** The variables of all services that a pod sees: its namespace's when it wants them, and always the API's own. */
export function podServiceVariables(
  services: Iterable<Service>,
  options: { readonly namespace: string; readonly links: boolean; readonly kubernetes: KubernetesService },
): Variable[] {
  const variables: Variable[] = [];
  let api = kubernetesService(options.kubernetes);
  for (const service of services) {
    const { name, namespace } = service.metadata ?? {};
    if (name === "kubernetes" && namespace === "default") api = service;
    else if (options.links && namespace === options.namespace) variables.push(...serviceVariables(service));
  }
  return [...serviceVariables(api), ...variables];
}

function kubernetesService({ address, port }: KubernetesService): Service {
  return {
    metadata: { name: "kubernetes", namespace: "default" },
    spec: { clusterIP: address, ports: [{ name: "https", port, protocol: "TCP" }] },
  };
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
