/** Why a request did not go out, or went to a server that did not look at it: it may be sent again whatever it is. */
export class NeverSent extends Error {}
