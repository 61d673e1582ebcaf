import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "#api";
import type { Decision, RequestAttributes, User } from "../../ports.ts";
import { CompiledRole } from "./compiled-role.ts";

/**
 * All roles and bindings, kept so that a decision reads only what concerns the asking user. What a user was granted
 * is gathered once and remembered with the user object until any role or binding changes.
 *
 * ```
 *   user, groups ──bindingsBySubject──▶ bindings ──roleRef──▶ compiled roles
 * ```
 */
export class RbacIndex {
  /** `Role/NAMESPACE/NAME` or `ClusterRole//NAME`. */
  readonly #roles = new Map<string, CompiledRole>();
  readonly #bindings = new Map<string, Binding>();
  readonly #bindingsBySubject = new Map<string, Set<Binding>>();
  #gathered = new WeakMap<User, Gathered>();

  setRole(role: Role | ClusterRole, namespace?: string): void {
    this.#roles.set(roleKey(namespace, role.metadata?.name), new CompiledRole(role.rules ?? []));
    this.#forget();
  }

  removeRole(name: string, namespace?: string): void {
    this.#roles.delete(roleKey(namespace, name));
    this.#forget();
  }

  setBinding(object: RoleBinding | ClusterRoleBinding, namespace?: string): void {
    const name = object.metadata?.name ?? "";
    this.removeBinding(name, namespace);
    const binding = bindingOf(object, name, namespace);
    this.#bindings.set(`${namespace ?? ""}/${name}`, binding);
    for (const subject of binding.subjects) {
      const present = this.#bindingsBySubject.get(subject);
      if (present) present.add(binding);
      else this.#bindingsBySubject.set(subject, new Set([binding]));
    }
    this.#forget();
  }

  removeBinding(name: string, namespace?: string): void {
    const key = `${namespace ?? ""}/${name}`;
    const binding = this.#bindings.get(key);
    if (!binding) return;
    this.#bindings.delete(key);
    for (const subject of binding.subjects) {
      const present = this.#bindingsBySubject.get(subject);
      present?.delete(binding);
      if (present?.size === 0) this.#bindingsBySubject.delete(subject);
    }
    this.#forget();
  }

  decide(request: RequestAttributes): Decision {
    const grants = this.#grantsOf(request.user, request.namespace);
    for (const grant of grants) {
      if (grant.role?.allows(request)) return grant.decision;
    }
    const missing = grants.filter((grant) => !grant.role).map((grant) => grant.missing);
    if (missing.length === 0) return noOpinion;
    return {
      verdict: "none",
      reason: `RBAC: ${missing.length === 1 ? missing[0] : `[${missing.join(", ")}]`}`,
    };
  }

  /** Every rule that holds for the user in the namespace, cluster-wide ones included. */
  rulesFor(user: User, namespace: string | undefined): PolicyRule[] {
    return this.#grantsOf(user, namespace).flatMap((grant) => [...(grant.role?.rules ?? [])]);
  }

  /** The rules of a role that a binding in `namespace` refers to, or undefined when there is no such role. */
  rulesOfRole(
    ref: { kind?: string; name?: string },
    namespace: string | undefined,
  ): readonly PolicyRule[] | undefined {
    return this.#roles.get(roleKey(ref.kind === "Role" ? namespace : undefined, ref.name))?.rules;
  }

  #grantsOf(user: User, namespace: string | undefined): readonly Grant[] {
    let gathered = this.#gathered.get(user);
    if (!gathered) {
      gathered = { bySubject: this.#gather(user), byNamespace: new Map() };
      this.#gathered.set(user, gathered);
    }
    const key = namespace ?? "";
    const known = gathered.byNamespace.get(key);
    if (known) return known;
    const grants = gathered.bySubject.filter((grant) => !grant.namespace || grant.namespace === namespace);
    if (gathered.byNamespace.size < rememberedNamespaces) gathered.byNamespace.set(key, grants);
    return grants;
  }

  /** Cluster-wide grants first: they answer most questions. */
  #gather(user: User): Grant[] {
    const grants: Grant[] = [];
    const subjects = [`User:${user.name}`, ...user.groups.map((group) => `Group:${group}`)];
    for (const subject of subjects) {
      for (const binding of this.#bindingsBySubject.get(subject) ?? []) {
        grants.push(this.#grant(binding, subject));
      }
    }
    return grants.sort((a, b) => Number(Boolean(a.namespace)) - Number(Boolean(b.namespace)));
  }

  #grant(binding: Binding, subject: string): Grant {
    const kind = binding.namespace ? "RoleBinding" : "ClusterRoleBinding";
    const bindingName = binding.namespace ? `${binding.name}/${binding.namespace}` : binding.name;
    const [subjectKind, ...subjectName] = subject.split(":");
    return {
      namespace: binding.namespace,
      role: this.#roles.get(binding.role),
      missing: `${binding.roleKind.toLowerCase()}.rbac.authorization.k8s.io "${binding.roleName}" not found`,
      decision: {
        verdict: "allow",
        reason: `RBAC: allowed by ${kind} "${bindingName}" of ${binding.roleKind} "${binding.roleName}" to ${subjectKind} "${subjectName.join(":")}"`,
      },
    };
  }

  #forget(): void {
    this.#gathered = new WeakMap();
  }
}

const noOpinion: Decision = { verdict: "none", reason: "" };

/** A user that roams over more namespaces than this has its grants filtered anew each time: bounds memory per user. */
const rememberedNamespaces = 256;

interface Binding {
  readonly name: string;
  /** Absent for a ClusterRoleBinding. */
  readonly namespace: string | undefined;
  readonly role: string;
  readonly roleKind: string;
  readonly roleName: string;
  /** `User:NAME` or `Group:NAME`. */
  readonly subjects: readonly string[];
}

interface Grant {
  readonly namespace: string | undefined;
  readonly role: CompiledRole | undefined;
  readonly missing: string;
  readonly decision: Decision;
}

interface Gathered {
  readonly bySubject: readonly Grant[];
  readonly byNamespace: Map<string, readonly Grant[]>;
}

function bindingOf(
  object: RoleBinding | ClusterRoleBinding,
  name: string,
  namespace: string | undefined,
): Binding {
  const roleKind = object.roleRef?.kind ?? "ClusterRole";
  const roleName = object.roleRef?.name ?? "";
  const role = roleKey(roleKind === "Role" ? namespace : undefined, roleName);
  const subjects = (object.subjects ?? []).flatMap((subject) => subjectKey(subject, namespace) ?? []);
  return { name, namespace, role, roleKind, roleName, subjects: [...new Set(subjects)] };
}

function subjectKey(subject: Subject, namespace: string | undefined): string | undefined {
  if (subject.kind !== "ServiceAccount") return `${subject.kind}:${subject.name}`;
  const home = subject.namespace || namespace;
  return home ? `User:system:serviceaccount:${home}:${subject.name}` : undefined;
}

function roleKey(namespace: string | undefined, name: string | undefined): string {
  return namespace === undefined ? `ClusterRole//${name}` : `Role/${namespace}/${name}`;
}
