/**
 * The exit code, as shells have it, of a command that could not be started, from the OCI runtime's words about it: 127 there is no such
 * command, 126 it cannot be executed. Undefined when the runtime said nothing, or something else went wrong.
 */
export function exitCodeOfFailure(words: string): 126 | 127 | undefined {
  // What it remarks upon is none of the command's failures.
  const errors = words
    .split("\n")
    .filter((line) => !/ level=(warning|info|debug) /.test(line))
    .join("\n");
  if (/permission denied|exec format error|is a directory/i.test(errors)) return 126;
  return /not found in \$PATH|no such file or directory/i.test(errors) ? 127 : undefined;
}
