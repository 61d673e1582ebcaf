import type { Service } from "../../generated/types.ts";
import { age } from "../../table/age.ts";
import type { TableColumns } from "../../table/columns.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../../table/name-and-age.ts";
import { shownLabels } from "../workload-columns.ts";

export const serviceColumns: TableColumns<Service> = {
  columns: [
    nameColumn(),
    column("Type", "How it can be reached."),
    column("Cluster-IP", "Its address inside the cluster."),
    column("External-IP", "Its addresses for the world outside."),
    column("Port(s)", "Its ports, and where nodes open them."),
    ageColumn(),
    wideColumn("Selector", "Which pods it leads to."),
  ],
  row: (service, nowMs) => [
    service.metadata?.name ?? "",
    service.spec?.type ?? "",
    service.spec?.clusterIPs?.[0] || service.spec?.clusterIP || "<none>",
    externalAddresses(service),
    ports(service),
    age(service.metadata?.creationTimestamp, nowMs),
    shownLabels(service.spec?.selector),
  ],
};

function externalAddresses({ spec, status }: Service): string {
  const given = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "LoadBalancer": {
      const balanced = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
      return [...balanced, ...given].filter(Boolean).join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return given.join(",") || "<none>";
  }
}

function ports({ spec }: Service): string {
  const shown = (spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return shown.join(",") || "<none>";
}
