import {
  deployments,
  jobs,
  type KubernetesObject,
  namespaces,
  nodes,
  type Pod,
  podDisruptionBudgets,
  pods,
  priorityClasses,
  type Resource,
  services,
  statefulSets,
} from "#api";
import { isAlreadyExists, isConflict, isNotFound, messageOf, type Random } from "#base";
import type { Client } from "#client";
import { drainer } from "../checkers/budgets.ts";
import { limits } from "../limits.ts";
import type { World } from "../runs/world.ts";
import { between, happens, pick, wholeBetween } from "../time/seeds.ts";
import {
  type Application,
  budgetOf,
  deploymentOf,
  important,
  jobOf,
  serviceOf,
  statefulSetOf,
  templateOf,
} from "./objects.ts";

export interface WorkloadOptions {
  readonly world: World;
  readonly random: Random;
  /** Pods that are asked for, about. */
  readonly pods: number;
}

type Kind = "deployment" | "statefulSet";

/** People who use the cluster: they deploy, scale, roll out, delete and drain, and try again what was refused. */
export class Workload {
  readonly #world: World;
  readonly #random: Random;
  readonly #pods: number;
  readonly #client: Client;
  readonly #drainer: Client;
  readonly #applications: { readonly kind: Kind; readonly application: Application }[] = [];
  #isOver = false;
  #versions = 1;
  #jobs = 0;

  constructor({ world, random, pods: count }: WorkloadOptions) {
    this.#world = world;
    this.#random = random;
    this.#pods = count;
    this.#client = world.simulation.client("user");
    this.#drainer = world.simulation.client(drainer);
  }

  /** Deploys what there shall be, then changes its mind now and then. */
  start(): void {
    void this.#deploy().then(() => this.#goOn());
  }

  /** From now on everything stays as it was asked for last. */
  stop(): void {
    this.#isOver = true;
  }

  async #deploy(): Promise<void> {
    await this.#until(() => this.#create(namespaces, { metadata: { name: namespace } }));
    await this.#until(() => this.#create(priorityClasses, important));
    for (let left = this.#pods, index = 0; left > 0; index += 1) {
      const replicas = Math.min(left, wholeBetween(this.#random, [1, 20]));
      left -= replicas;
      const kind: Kind = index % 3 === 2 ? "statefulSet" : "deployment";
      const hasVolumes = kind === "statefulSet" && happens(this.#random, 0.5);
      // What can run on one node only must be able to make itself room there.
      const isImportant = hasVolumes || happens(this.#random, 0.2);
      const application: Application = {
        name: `app-${index}`,
        namespace,
        replicas,
        cpuMilli: wholeBetween(this.#random, [10, hasVolumes ? 50 : 200]),
        memoryMebibytes: wholeBetween(this.#random, [limits.leastMemoryMebibytes, hasVolumes ? 80 : 256]),
        ...(isImportant ? { priority: "important" } : {}),
        ...(hasVolumes ? { hasVolumes } : {}),
      };
      this.#applications.push({ kind, application });
      await this.#until(() => this.#create(services, serviceOf(application)));
      await this.#until(() => this.#create(podDisruptionBudgets, budgetOf(application)));
      await this.#until(() => this.#createApplication(kind, application));
    }
  }

  async #goOn(): Promise<void> {
    const { clock } = this.#world.simulation;
    const acts = [this.#scale, this.#rollOut, this.#deletePod, this.#recreate, this.#drain, this.#runJob];
    for (;;) {
      await clock.sleep(between(this.#random, limits.workloadPauseMs));
      if (this.#isOver) return;
      const act = pick(this.#random, acts);
      try {
        await act?.call(this);
      } catch (error) {
        this.#world.simulation.trace.record("user", messageOf(error));
      }
    }
  }

  async #scale(): Promise<void> {
    const { kind, application } = this.#any();
    // All together never ask for more than the nodes have.
    const replicas = wholeBetween(this.#random, [0, Math.ceil(application.replicas * 1.25)]);
    await this.#patch(kind, application, { spec: { replicas } });
  }

  async #rollOut(): Promise<void> {
    const { kind, application } = this.#any();
    this.#versions += 1;
    await this.#patch(kind, application, {
      spec: { template: templateOf(application, String(this.#versions)) },
    });
  }

  async #deletePod(): Promise<void> {
    const pod = pick(this.#random, [...this.#world.pods]);
    if (!pod || pod.metadata?.namespace !== namespace) return;
    await this.#client.resource(pods, namespace).delete(pod.metadata.name ?? "");
  }

  async #recreate(): Promise<void> {
    const { kind, application } = this.#any();
    const api = this.#client.resource(resourceOf(kind), namespace);
    await this.#until(() => api.delete(application.name, { propagationPolicy: "Background" }));
    await this.#until(() => this.#createApplication(kind, application));
  }

  async #runJob(): Promise<void> {
    this.#jobs += 1;
    const job = jobOf({
      name: `job-${this.#jobs}`,
      namespace,
      replicas: wholeBetween(this.#random, [1, 6]),
      cpuMilli: 50,
      memoryMebibytes: limits.leastMemoryMebibytes,
    });
    await this.#until(() => this.#create(jobs, job));
  }

  /** Empties a node as `kubectl drain` does, works on it for a while, and gives it back. */
  async #drain(): Promise<void> {
    const { clock } = this.#world.simulation;
    const name = pick(this.#random, [...this.#world.simulation.fleet.nodes.keys()]) ?? "";
    await this.#cordon(name, true);
    try {
      for (let round = 0; round < limits.drainRounds && !this.#isOver; round += 1) {
        const found = await this.#drainer.resource(pods).list({ fieldSelector: `spec.nodeName=${name}` });
        if (found.items.length === 0) return;
        for (const pod of found.items) await this.#evict(pod);
        await clock.sleep(limits.drainPauseMs);
      }
    } finally {
      await this.#cordon(name, false);
    }
  }

  async #cordon(name: string, unschedulable: boolean): Promise<void> {
    const patch = { spec: { unschedulable: unschedulable || null } };
    await this.#until(() => this.#drainer.resource(nodes).patch(name, { type: "merge", patch }));
  }

  async #evict({ metadata }: Pod): Promise<void> {
    const { name = "", namespace: where, uid } = metadata ?? {};
    const eviction = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name },
      deleteOptions: { preconditions: { uid } },
    };
    // A budget that has nothing left answers 429; the next round tries again.
    await this.#drainer
      .resource(pods, where)
      .postSubresource(name, "eviction", eviction)
      .catch(() => {});
  }

  async #create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<void> {
    await this.#client.resource(resource).create(object);
  }

  async #createApplication(kind: Kind, application: Application): Promise<void> {
    if (kind === "deployment") await this.#create(deployments, deploymentOf(application));
    else await this.#create(statefulSets, statefulSetOf(application));
  }

  async #patch(kind: Kind, { name }: Application, patch: object): Promise<void> {
    const api = this.#client.resource<KubernetesObject>(resourceOf(kind), namespace);
    await this.#until(() => api.patch(name, { type: "strategic", patch }));
  }

  /** Tries again, as people do, until it has been done. */
  async #until(act: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await act();
        return;
      } catch (error) {
        if (isAlreadyExists(error) || isNotFound(error) || isConflict(error)) return;
        this.#world.simulation.trace.record("user", messageOf(error));
      }
      await this.#world.simulation.clock.sleep(limits.userPauseMs);
    }
  }

  #any(): { readonly kind: Kind; readonly application: Application } {
    const one = pick(this.#random, this.#applications);
    if (!one) throw new Error("there is no application");
    return one;
  }
}

const namespace = "shop";

function resourceOf(kind: Kind): Resource<KubernetesObject> {
  return kind === "deployment" ? deployments : statefulSets;
}
