/** How long a conversation waits for a node whose tunnel is being dialled again, after a restart of either side. */
export const tunnelWaitMs = 3000;

/** How long a node may take to begin its answer. Starting a command takes some 50 ms; a loaded node takes longer. */
export const tunnelAnswerMs = 30_000;

/** When a silent tunnel is probed (TCP keep-alive): dead nodes are noticed half a minute later. */
export const tunnelKeepAliveMs = 20_000;

/** Bytes that one conversation may have under way on a tunnel: enough for a log to stream at full speed. */
export const tunnelStreamWindowBytes: number = 1024 * 1024;

/**
 * The same for all conversations of a tunnel together. Node gives it back as data arrives, read or not, so it bounds
 * nothing but the speed over a slow line: HTTP/2's own 64 KB would.
 */
export const tunnelWindowBytes: number = 16 * 1024 * 1024;

/** Memory that HTTP/2 may use for one tunnel, in megabytes: hundreds of conversations whose clients read slowly. */
export const tunnelMemoryMegabytes = 256;

/** Of a node's error answer as much is read. A Status is well below 1 KB. */
export const maxErrorBytes: number = 64 * 1024;

/** Largest message of a client, and largest frame of a node. kubectl sends 32 KB at a time. */
export const maxMessageBytes: number = 16 * 1024 * 1024;

/** Bytes waiting to be sent to a slow client before the container's output is held back. */
export const socketBufferBytes: number = 1024 * 1024;

/** Forwarded connections at one time over one `kubectl port-forward`. */
export const maxForwardedConnections = 1000;

/** Headers of a SPDY stream, unpacked: port, stream type and request id are some 60 bytes. */
export const maxSpdyHeaderBytes: number = 64 * 1024;

/** The largest SPDY frame that is accepted; the format allows 16 MiB. */
export const maxSpdyFrameBytes: number = 4 * 1024 * 1024;

/** SPDY data frames that we send are cut to this, so that many connections share one socket fairly. */
export const spdyFrameBytes: number = 32 * 1024;
