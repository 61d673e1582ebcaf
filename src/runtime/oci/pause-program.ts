/**
 * The first process of a PID namespace that a pod's containers share: it takes ended processes off the table, whoever was their parent,
 * and sleeps until it is killed. An ELF executable (System V ABI, 64 bits) without libraries, for an otherwise empty root file system;
 * why it is not a program of the distribution is said in decision 24. Throws for architectures that Node's packages are not made for.
 */
export function pauseProgram(architecture: string): Uint8Array {
  const known = programs[architecture];
  if (!known) throw new Error(`cannot share a process namespace: no pause program for ${architecture}`);
  const program = Buffer.concat([Buffer.from(known.code.join(""), "hex"), ignoreChildren]);
  return Buffer.concat([header(known.machine, program.length), program]);
}

/** `rt_sigaction(SIGCHLD, ignore, NULL, 8)`, then a system call that never returns, again and again. */
const programs: Readonly<Record<string, { readonly machine: number; readonly code: readonly string[] }>> = {
  x64: {
    machine: 62,
    code: [
      "bf11000000", // mov edi, 17 (SIGCHLD)
      "488d3518000000", // lea rsi, [rip + 24] (ignoreChildren)
      "31d2", // xor edx, edx
      "41ba08000000", // mov r10d, 8
      "b80d000000", // mov eax, 13 (rt_sigaction)
      "0f05", // syscall
      "b822000000", // again: mov eax, 34 (pause)
      "0f05", // syscall
      "ebf7", // jmp again
    ],
  },
  arm64: {
    machine: 183,
    code: [
      "200280d2", // mov x0, 17 (SIGCHLD)
      "81010010", // adr x1, ignoreChildren
      "020080d2", // mov x2, 0
      "030180d2", // mov x3, 8
      "c81080d2", // mov x8, 134 (rt_sigaction)
      "010000d4", // svc 0
      "000080d2", // again: mov x0, 0
      "010080d2", // mov x1, 0
      "020080d2", // mov x2, 0
      "030080d2", // mov x3, 0
      "280980d2", // mov x8, 73 (ppoll, of nothing and without an end)
      "010000d4", // svc 0
      "faffff17", // b again
    ],
  },
};

/** `struct sigaction`: SIG_IGN as its handler, nothing else. Ended children of whoever ignores SIGCHLD leave no zombies. */
const ignoreChildren = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);

const loadAddress = 0x400000;
const elfHeaderBytes = 64;
const programHeaderBytes = 56;

/** One segment, readable and executable: the whole file. */
function header(machine: number, programBytes: number): Buffer {
  const start = elfHeaderBytes + programHeaderBytes;
  const bytes = Buffer.alloc(start);
  // Magic number; 64 bits, little-endian, version 1.
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(2, 16); // an executable
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BigInt(loadAddress + start), 24); // entry point
  bytes.writeBigUInt64LE(BigInt(elfHeaderBytes), 32); // where the program header is
  bytes.writeUInt16LE(elfHeaderBytes, 52);
  bytes.writeUInt16LE(programHeaderBytes, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, elfHeaderBytes); // to be loaded
  bytes.writeUInt32LE(5, elfHeaderBytes + 4); // read, execute
  bytes.writeBigUInt64LE(BigInt(loadAddress), elfHeaderBytes + 16); // virtual
  bytes.writeBigUInt64LE(BigInt(loadAddress), elfHeaderBytes + 24); // and physical address
  bytes.writeBigUInt64LE(BigInt(start + programBytes), elfHeaderBytes + 32); // in the file
  bytes.writeBigUInt64LE(BigInt(start + programBytes), elfHeaderBytes + 40); // and in memory
  bytes.writeBigUInt64LE(4096n, elfHeaderBytes + 48);
  return bytes;
}
