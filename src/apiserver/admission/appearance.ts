import type { KubernetesObject, Resource } from "#api";
import type { Clock } from "#base";
import type { ObjectChange, ObjectFeed } from "../ports.ts";

/** The object, as soon as it exists; undefined when it does not within the time. */
export function appearance<T extends KubernetesObject>(
  feed: ObjectFeed,
  resource: Resource<T>,
  wait: {
    readonly name: string;
    readonly namespace: string;
    readonly clock: Clock;
    readonly timeoutMs: number;
  },
): Promise<T | undefined> {
  const { name, namespace, clock, timeoutMs } = wait;
  return new Promise((resolve) => {
    let follow: { close(): void } | undefined;
    let found = false;
    const finish = (object: T | undefined) => {
      found = true;
      timer.cancel();
      follow?.close();
      resolve(object);
    };
    const timer = clock.setTimer(timeoutMs, () => finish(undefined), { unref: true });
    const look = ({ object }: ObjectChange<T>) => {
      if (object && !found) finish(object);
    };
    follow = feed.follow(resource, look, { name, namespace });
    if (found) follow.close();
  });
}
