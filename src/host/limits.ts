/** How long a program may run unless the caller says otherwise. Set-up commands take milliseconds; 30 s means it hangs. */
export const commandTimeoutMs = 30_000;

/** How much of each output stream is kept. Set-up commands print little; more is a runaway. */
export const outputBytes = 1024 * 1024;

/** How many last lines of stderr an error message quotes: enough for the cause, short enough for an event. */
export const quotedLines = 5;

/** How much of a command line an error message quotes. Scripts passed as arguments may be long. */
export const quotedCommandCharacters = 300;

/** How long a control group may take to become empty after its last process was killed. */
export const cgroupRemovalTimeoutMs = 5_000;

/** The pause between attempts to remove a control group: the kernel tells nobody when an exited process has left it. */
export const cgroupRemovalRetryMs = 5;

/** Lines of a batch program's answer that are kept. */
export const batchAnswerLines = 10_000;

/** How long a batch program may take to answer. */
export const batchTimeoutMs = 10_000;

/** Longest option string that mount(2) takes: one page, with room for the terminating zero. */
export const mountOptionBytes = 4095;

/** Programs that run at once from kept shells; more wait. Two cores gain nothing from more. */
export const launcherShells = 16;

/** Shells that are kept while nothing runs, each 0.2 MB: all of them, because every new one forks the whole program. */
export const launcherShellsIdle = 16;

/** The longest input that goes through a shell's here-document, which shells read byte by byte. */
export const launcherInputBytes = 64 * 1024;
