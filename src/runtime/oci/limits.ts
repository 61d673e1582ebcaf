/** How long the OCI runtime may take for one step. Typically 30 ms; minutes mean the machine is in trouble. */
export const runtimeTimeoutMs = 2 * 60_000;

/** How long after its container's end conmon may take to write the exit file and go. */
export const conmonExitTimeoutMs = 10_000;

/** How long a killed container may take to be gone before removal reports it as stuck: uninterruptible I/O. */
export const killTimeoutMs = 30_000;

/** Bytes of log read at a time while following it for an attached session. */
export const logReadBytes = 64 * 1024;

/** Commands that run in containers at once: each is two or three processes. */
export const execSessions = 256;

/** FIFOs made at a time: one program instead of one for each container, four for each command in one. */
export const fifoStock = 32;

/** How many symbolic links a path inside an image may go through: the kernel's limit. */
export const symbolicLinks = 40;
