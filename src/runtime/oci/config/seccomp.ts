import { capabilityCalls, defaultCalls, namespaceFlags, socketFamilyVsock } from "./seccomp-calls.ts";

/**
 * The RuntimeDefault profile: system calls that programs need are allowed, all others answer EPERM, which is what they answer to anyone
 * without the right. Calls that a capability governs are allowed with it.
 */
export function seccompProfile(
  capabilities: readonly string[],
  architecture: string,
): Record<string, unknown> {
  const granted = new Set(capabilities);
  const names = new Set(defaultCalls);
  for (const [capability, calls] of Object.entries(capabilityCalls)) {
    if (granted.has(capability)) for (const call of calls) names.add(call);
  }
  const allow = "SCMP_ACT_ALLOW";
  const rules: Record<string, unknown>[] = [{ names: [...names], action: allow }];
  if (!granted.has("CAP_SYS_ADMIN")) {
    // New threads and processes, but no new namespaces: none of the flags may be set.
    const none = { index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" };
    rules.push({ names: ["clone"], action: allow, args: [none] });
    // Its flags are in memory, where a filter cannot look: "not known here" makes libraries fall back to clone.
    rules.push({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 });
  }
  rules.push({
    names: ["socket"],
    action: allow,
    args: [{ index: 0, value: socketFamilyVsock, op: "SCMP_CMP_NE" }],
  });
  for (const persona of [0x0, 0x8, 0x20000, 0x20008, 0xffffffff]) {
    rules.push({
      names: ["personality"],
      action: allow,
      args: [{ index: 0, value: persona, op: "SCMP_CMP_EQ" }],
    });
  }
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: architectures[architecture] ?? [],
    syscalls: rules,
  };
}

/**
 * By Node's name of the architecture: its own calls, and those of the 32-bit programs it also runs. Not x32: kernels have it off, and
 * libseccomp, which compiles the profile for every container anew, takes twice as long with it (16 ms instead of 8).
 */
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};
