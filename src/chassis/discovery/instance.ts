/** One copy of a service, and where it is. */
export interface Instance {
  /** The service's name: `orders`. */
  readonly service: string;
  /** Unique within the service, and the same for as long as it lives. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Where it stands: calls within a zone are quicker, and often cheaper. */
  readonly zone?: string;
  /** How much it can do beside the others. Absent: 1. */
  readonly weight?: number;
}

/** As a base URL. */
export function placeOf({ host, port }: Instance): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
