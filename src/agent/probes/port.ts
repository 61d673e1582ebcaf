import type { Container } from "#api";

/** A port by number or by the name that the container gives it. Throws when there is no such name. */
export function resolvePort(port: string | number, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  const named = container.ports?.find((one) => one.name === port);
  if (!named) throw new Error(`couldn't find port: ${port}`);
  return named.containerPort;
}
