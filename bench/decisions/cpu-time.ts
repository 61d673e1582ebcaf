/** Milliseconds of CPU time of this process since `process.cpuUsage()` said `began`. */
export function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}
