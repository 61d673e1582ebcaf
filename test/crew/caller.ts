import { client, type ServiceContext, service } from "@nacre/chassis";
import { withstand } from "@nacre/chassis/calls";
import { Balancer, balance, dnsRegistry, kubernetesRegistry, type Registry } from "@nacre/chassis/discovery";
import { caller, member } from "./api.ts";

/** Calls the crew all the time, each call by another instance, and says how that goes. */
const it = service({
  name: "caller",
  version: "1.0.0",
  routes: caller,
  handlers: (context) => {
    const { clock, logger } = context;
    const kubernetes = callsBy(kubernetesRegistry({ clock, logger }), context);
    const dns = callsBy(dnsRegistry({ clock, logger }), context);
    return { account: () => ({ kubernetes: kubernetes(), dns: dns() }) };
  },
});
await it.start();

/** Begins to call the crew as a registry knows it. What becomes of that is told when asked for. */
function callsBy(registry: Registry, { clock, signal, logger }: ServiceContext<Record<never, never>>) {
  const balancer = new Balancer({ registry, service: "crew" });
  const policy = withstand({ name: "crew", route: balance(balancer), logger });
  const crew = client(member, { baseUrl: "http://crew", policy });
  const last: string[] = [];
  const failures: string[] = [];
  let known: readonly string[] = [];
  let answered = 0;
  registry.watch("crew", (instances) => {
    known = instances.map(({ url }) => new URL(url).hostname);
  });
  const call = async () => {
    while (!signal.aborted) {
      try {
        last.push((await crew.who()).name);
        answered += 1;
        if (last.length > 30) last.shift();
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      await clock.sleep(20, signal).catch(() => {});
    }
  };
  void call();
  return () => ({ known: known.toSorted(), answering: [...new Set(last)].sort(), answered, failures });
}
