import { pods } from "#api";
import type { RequestAttributes } from "../ports.ts";

/** Whether pods themselves are written, not one of their subresources. */
export function writesPods({ resource, subresource }: RequestAttributes): boolean {
  return resource?.resource === pods.resource && resource.group === pods.group && !subresource;
}
