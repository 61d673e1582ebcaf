import { must } from "#base";

/** What of Nacre's own `package.json` the package is made from. */
export interface RootManifest {
  readonly version: string;
  readonly license: string;
  /** `#chassis/data` → `./src/chassis/data/mod.ts`. */
  readonly imports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** A compiled file of the package. */
export interface CompiledFile {
  /** Below the package: `chassis/mod.js`. */
  readonly path: string;
  readonly text: string;
}

/** The name that the chassis has outside. */
const name = "@nacre/chassis";

/** The faces of the chassis by the name that they have outside: `.` and `./data`, with their file below `src/`. */
export function chassisFaces({ imports }: Pick<RootManifest, "imports">): ReadonlyMap<string, string> {
  const faces = Object.entries(imports).filter(([face]) => /^#chassis(\/|$)/.test(face));
  return new Map(
    faces.map(([face, file]) => [face.replace("#chassis", "."), file.replace(/^\.\/src\//, "")]),
  );
}

/** The `package.json` of `@nacre/chassis`: its faces, and of Nacre's dependencies those that the compiled files import. */
export function chassisManifest(root: RootManifest, files: readonly CompiledFile[]): object {
  const exports = [...chassisFaces(root)].map(([face, file]) => [face, compiled(file)] as const);
  return {
    name,
    version: root.version,
    description: "What a service stands on, with the patterns that keep data right.",
    license: root.license,
    type: "module",
    engines: { node: ">=26" },
    // Between its parts as it is here: `#base` means the same in both.
    imports: { "#base": compiled(must(root.imports["#base"], "base has a face").replace(/^\.\/src\//, "")) },
    exports: Object.fromEntries(exports),
    dependencies: ownDependencies(root, files),
  };
}

function compiled(file: string): { types: string; default: string } {
  const path = `./${file.replace(/\.ts$/, "")}`;
  return { types: `${path}.d.ts`, default: `${path}.js` };
}

/** Compatible later versions do as well, so that a service that has one of them already gets no second. */
function ownDependencies(root: RootManifest, files: readonly CompiledFile[]): Record<string, string> {
  const own = new Map<string, string>();
  const add = (dependency: string, version: string) => own.set(dependency, `^${version}`);
  for (const { path, text } of files) {
    const forTypes = path.endsWith(".d.ts");
    for (const imported of importedPackages(text)) {
      const types = `@types/${imported}`;
      const typesVersion = root.devDependencies[types];
      if (forTypes && typesVersion) add(types, typesVersion);
      if (imported !== "node")
        add(imported, must(root.dependencies[imported], `${path} imports ${imported}, a dependency of ours`));
    }
  }
  return Object.fromEntries([...own].sort(([one], [other]) => (one < other ? -1 : 1)));
}

const importing =
  /^(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

/** `pg` for `pg`, `ajv` for `ajv/dist/2020.js`, `node` for all that Node brings; not what stands in the package itself. */
function importedPackages(text: string): string[] {
  return [...text.matchAll(importing)]
    .map(([, from, alone, dynamic]) => from ?? alone ?? dynamic ?? "")
    .filter((specifier) => !/^[.#]/.test(specifier))
    .map((specifier) =>
      specifier.startsWith("node:")
        ? "node"
        : specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"),
    );
}
