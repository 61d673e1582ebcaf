import { setFlagsFromString } from "node:v8";

/**
 * To be called once by a program that plays, before it does: all objects begin young. V8 lets those be old from the start that are made where most
 * lived long before. When a cluster starts, thousands of requests are under way at once and all that they are made of lives long; later each is over in
 * no time, but what is old keeps all that it refers to until the whole heap is collected. See decision 85.
 */
export function beginYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
