import type { Handlers, Routes } from "@nacre/chassis";
import type { Schema } from "@nacre/chassis/data";
import type { World } from "./world.ts";

/**
 * One part of the shop: its routes, its tables, and what it does. It knows the others by their routes and messages alone, so it neither knows nor
 * minds whether they are in its process.
 */
export interface Part<Api extends Routes = Routes> {
  readonly name: string;
  readonly routes: Api;
  readonly schemas: readonly Schema[];
  /** Begins to listen to messages; gives the handlers of its routes. */
  readonly open: (world: World) => Promise<Handlers<Api>>;
}

/** A part among others, once the types of its routes have done their work. */
export function part<const Api extends Routes>(it: Part<Api>): Part {
  return it as unknown as Part;
}
