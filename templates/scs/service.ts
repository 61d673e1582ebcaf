import { readFileSync } from "node:fs";
import { join } from "node:path";
import { answer, type Machine, type Service, service, setting } from "@nacre/chassis";
import { api } from "./api.ts";
import { openNotes } from "./notes.ts";
import manifest from "./package.json" with { type: "json" };

/** The service. Tests say what it runs on; without that it is the process. */
export function newService(machine: Partial<Machine> = {}): Service {
  return service({
    name: manifest.name,
    version: manifest.version,
    config: {
      database: setting.string({ default: "notes.db", description: "the file that notes are kept in" }),
      shown: setting.integer({ min: 1, max: 1000, default: 50, description: "how many notes are shown" }),
    },
    routes: api,
    handlers: ({ config, clock, check, closeAtEnd }) => {
      const notes = openNotes(config.current.database);
      closeAtEnd(() => notes.close());
      check("notes", "ready", () => void notes.latest(1));
      const [page, script, style] = ["page.html", "page.js", "page.css"].map(readUi) as [
        string,
        string,
        string,
      ];
      return {
        list: () => notes.latest(config.current.shown),
        write: ({ body }) => answer(201, notes.write(body.text, new Date(clock.now()))),
        page: () => answer(200, page, { "content-security-policy": "default-src 'self'" }),
        script: () => script,
        style: () => style,
      };
    },
    machine,
  });
}

function readUi(name: string): string {
  return readFileSync(join(import.meta.dirname, "ui", name), "utf8");
}
