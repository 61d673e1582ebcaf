import { cloneJson, type KubernetesObject, type Resource } from "#api";
import type { ObjectWriter, User } from "../ports.ts";
import { createObject } from "./create.ts";
import type { Machinery, WriteRequest } from "./machinery.ts";
import { Slice } from "./slice.ts";
import { updateObject } from "./update.ts";

/** Writes of the API server itself. */
export function objectWriter(machinery: Machinery): ObjectWriter {
  const requestOf = (resource: Resource, object: KubernetesObject, verb: string): WriteRequest => {
    const kind = machinery.catalogue.of(resource);
    const { name, namespace } = object.metadata ?? {};
    return {
      attributes: {
        user: self,
        verb,
        path: "",
        resource,
        ...(namespace ? { namespace } : {}),
        ...(name && verb === "update" ? { name } : {}),
      },
      kind,
      dryRun: false,
      fieldManager: "nacre-apiserver",
      warnings: [],
      slice: new Slice(machinery.clock),
    };
  };
  const owned = <T extends KubernetesObject>(resource: Resource, object: T): T => ({
    ...cloneJson(object),
    apiVersion: machinery.catalogue.of(resource).apiVersion,
    kind: resource.kind,
  });
  return {
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      const request = requestOf(resource, object, "create");
      const written = await createObject(machinery, request, owned(resource, object));
      return written.object as T;
    },
    async update<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      const request = requestOf(resource, object, "update");
      const written = await updateObject(machinery, request, {
        next: () => owned(resource, object),
        rules: request.kind.definition,
        recordsFields: false,
      });
      return written.object as T;
    },
  };
}

const self: User = { name: "system:apiserver", groups: ["system:masters"] };
