/** What the router waits for and takes on, where its options say nothing else. */
export const limits = {
  /** A connection to an instance in the same network takes milliseconds. After this another one is asked. */
  connectMs: 2_000,
  /** From the end of a request to the beginning of its answer, when its caller says no nearer deadline. */
  answerMs: 30_000,
  /** How long nothing may move while a body flows, in whichever direction: who holds a connection without using it is cut off. */
  idleMs: 30_000,
  /** The same once a connection was handed over to another protocol. Those who keep one open for long ping more often. */
  tunnelIdleMs: 300_000,
  /** Until a request has come whole: uploads take their time, but one byte now and then is not one. */
  requestMs: 300_000,
  /** Connections of clients; those beyond are closed. Each is two sockets and some kilobytes here. */
  maxConnections: 10_000,
  /** Requests and tunnels at once; those beyond are answered 503. */
  maxInFlight: 5_000,
  /** Of a body that may be sent again, so much is held: what a form or an order needs. */
  heldBodyBytes: 64 * 1024,
  /** Connections to each instance that are kept though nobody uses them. */
  idleConnections: 64,
  /** A drain waits so long for answers. */
  drainLimitMs: 20_000,
} as const;
