import { type Machine, type Service, service, setting } from "@nacre/chassis";
import { api } from "./api.ts";
import manifest from "./package.json" with { type: "json" };

/** The service. Tests say what it runs on; without that it is the process. */
export function newService(machine: Partial<Machine> = {}): Service {
  return service({
    name: manifest.name,
    version: manifest.version,
    config: {
      greeting: setting.string({ default: "Hello", description: "what everybody is told" }),
    },
    routes: api,
    handlers: ({ config }) => ({
      greet: ({ params }) => ({ text: `${config.current.greeting}, ${params.name}` }),
    }),
    machine,
  });
}
