import assert from "node:assert/strict";
import { test } from "node:test";
import { chassisManifest, type RootManifest } from "./chassis-manifest.ts";

const root: RootManifest = {
  version: "1.2.3",
  license: "Apache-2.0",
  imports: {
    "#base": "./src/base/mod.ts",
    "#chassis": "./src/chassis/mod.ts",
    "#chassis/data": "./src/chassis/data/mod.ts",
    "#cluster": "./src/cluster/mod.ts",
  },
  dependencies: { pg: "8.0.1", ajv: "8.1.0", jose: "6.0.0", "@open/api": "1.9.1", ws: "8.0.0" },
  devDependencies: { "@types/pg": "8.0.2", "@types/node": "26.0.0", "fast-check": "4.0.0" },
};

const manifest = (files: Record<string, string>) =>
  chassisManifest(
    root,
    Object.entries(files).map(([path, text]) => ({ path, text })),
  ) as Record<string, unknown>;

test("the package has the faces that the chassis has here, compiled, with their types, and no others", () => {
  assert.deepEqual(manifest({}).exports, {
    ".": { types: "./chassis/mod.d.ts", default: "./chassis/mod.js" },
    "./data": { types: "./chassis/data/mod.d.ts", default: "./chassis/data/mod.js" },
  });
  assert.deepEqual(manifest({}).imports, {
    "#base": { types: "./base/mod.d.ts", default: "./base/mod.js" },
  });
});

test("its dependencies are what its files import, however they do, in versions that Nacre has or compatible ones", () => {
  const files = {
    "chassis/mod.js":
      'import { a, b, } from "ajv/dist/2020.js";\nexport { c } from "./c.js";\nimport "#base";\n',
    "chassis/c.js": 'const { d } = await import("@open/api/deep");\n// import { ws } from "ws";\n',
    "chassis/c.d.ts":
      'import type { Server } from "node:http";\nexport declare const pool: import("pg").Pool;\n',
    "chassis/d.js": 'import { readFile } from "node:fs";\n',
  };
  assert.deepEqual(manifest(files).dependencies, {
    "@open/api": "^1.9.1",
    "@types/node": "^26.0.0",
    "@types/pg": "^8.0.2",
    ajv: "^8.1.0",
    pg: "^8.0.1",
  });
});

test("to import what is there for development only is a mistake", () => {
  assert.throws(
    () => manifest({ "chassis/mod.js": 'import fc from "fast-check";\n' }),
    /chassis\/mod\.js imports fast-check, a dependency of ours/,
  );
});
